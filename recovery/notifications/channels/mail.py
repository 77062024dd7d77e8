"""A message as the bytes of a mail. Written by hand but for what needs a parser: mails differ in three lines, and the
standard library's composer takes as long as all the rest of sending."""

import base64
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from functools import lru_cache

from django.conf import settings

from recovery.clinical.tiers import Tier
from recovery.notifications.channels import Message, Permanent


def compose(message: Message) -> bytes:
    """Raises Permanent for what cannot be sent to."""
    host = sender().rpartition("@")[2]
    encoding, text = _body(message.text)
    head = [
        _from(settings.DEFAULT_FROM_EMAIL),
        f"To: {checked(message.to)}",
        f"Subject: {message.subject}",
        f"Message-ID: <{message.key}@{host}>",
        f"Date: {formatdate()}",
        "Auto-Submitted: auto-generated",
        *(["Importance: high"] if message.tier is Tier.EMERGENCY else []),
        "MIME-Version: 1.0",
        'Content-Type: text/plain; charset="utf-8"',
        f"Content-Transfer-Encoding: {encoding}",
    ]
    return "\r\n".join([*head, "", text]).encode("ascii")


def sender() -> str:
    """The address that we write from, without the name."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def _body(text: str) -> tuple[str, str]:
    if text.isascii():
        return "7bit", "\r\n".join(text.splitlines()) + "\r\n"
    return "base64", base64.encodebytes(text.encode()).decode("ascii").replace("\n", "\r\n")


@lru_cache(maxsize=8)
def _from(display: str) -> str:
    """Names may need encoding, which the library knows how to do."""
    line = EmailMessage(policy=SMTP)
    line["From"] = display
    return line.as_string().strip()


NONE = (AttributeError, IndexError, MessageError, NameError, ValueError)
"""What the parser of addresses raises, by its own mistakes too."""


@lru_cache(maxsize=1_024)
def checked(address: str) -> str:
    """Raises Permanent for what cannot be an address."""
    try:
        address.encode("ascii")
        return str(Address(addr_spec=address))
    except NONE:
        raise Permanent("address") from None
