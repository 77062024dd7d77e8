"""Mails that anybody can cause leave behind the answer: how long a mail server takes, or that it is away, would tell
whoever asks that somebody has this address. What is lost with a process is asked for again by who waits for it."""

import logging
from concurrent.futures import Future, ThreadPoolExecutor

from django.core.mail import EmailMessage

log = logging.getLogger(__name__)

MOST_WAITING = 100
"""Of one process. A mail server that is away keeps each for EMAIL_TIMEOUT; beyond these none is taken on."""

_under_way: set[Future[None]] = set()
_post = ThreadPoolExecutor(max_workers=1, thread_name_prefix="account-mail")


def leave(message: EmailMessage) -> None:
    """Returns at once."""
    if len(_under_way) >= MOST_WAITING:
        log.error("a mail of an account was not sent: %s wait for the mail server", MOST_WAITING)
        return
    sent = _post.submit(_send, message)
    _under_way.add(sent)
    sent.add_done_callback(_under_way.discard)


def nobody_waits() -> bool:
    """Nothing is on its way from this process."""
    return not _under_way


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except Exception as error:  # nobody waits for it: what is not said here is never known
        log.warning("a mail of an account could not be sent: %s", type(error).__name__)
