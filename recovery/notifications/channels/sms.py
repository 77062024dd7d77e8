"""Text messages by Twilio's API: one post for each, over a wire of our own, so that every wait has an end. Without an
account in the settings there is no such channel, and who would be told by it is told by the e-mail they sign in with.

What becomes of a message later is posted back to us (api/views/provider.py).
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlencode, urlsplit

from django.conf import settings

from recovery.notifications.channels import Message, Permanent, Temporary, Waiting, numbers, post, wire
from recovery.notifications.channels.post import OVERLOADED, Answer

LONGEST_TEXT = 1_600
"""Characters that Twilio takes for one message."""

NOT_THEIRS = {20429, 21611}
"""Twilio's codes for too much at once: may go away by itself."""

CALLBACK = "/provider/sms/"
"""Below BASE_URL, followed by the message's key."""


class Sms:
    """One connection to the provider."""

    def __init__(self) -> None:
        self._line = post.Line()

    def open(self, to: str, waiting: Waiting = wire.nothing) -> None:
        if not is_there():
            raise Permanent("no-sms-provider")
        numbers.checked(to)
        self._line.open(server(), lambda address: True, waiting)

    def send(self, message: Message, waiting: Waiting = wire.nothing) -> str:
        sid, token = settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN
        signed_in = base64.b64encode(f"{sid}:{token}".encode()).decode("ascii")
        headers = {"Authorization": f"Basic {signed_in}", "Content-Type": "application/x-www-form-urlencoded"}
        path = f"/2010-04-01/Accounts/{sid}/Messages.json"
        return _judge(self._line.post(path, compose(message), headers, waiting))

    def close(self) -> None:
        self._line.close()


def is_there() -> bool:
    return bool(settings.TWILIO_ACCOUNT_SID)


def server() -> post.Server:
    parts = urlsplit(settings.TWILIO_API_URL)
    secure = parts.scheme == "https"
    return post.Server(secure, parts.hostname or "", parts.port or (443 if secure else 80))


def compose(message: Message) -> bytes:
    """The sender is a number of ours, or a messaging service, which has several."""
    sender = settings.TWILIO_FROM
    return urlencode(
        {
            "To": numbers.checked(message.to),
            "MessagingServiceSid" if sender.startswith("MG") else "From": sender,
            "Body": message.short[:LONGEST_TEXT],
            "StatusCallback": callback(str(message.key)),
        }
    ).encode("ascii")


def callback(key: str) -> str:
    return f"{settings.BASE_URL}{CALLBACK}{key}"


def signature(url: str, parameters: Mapping[str, str], token: str) -> str:
    """How Twilio signs what it posts to us: the address, then every field and its value in the order of their names."""
    said = url + "".join(name + parameters[name] for name in sorted(parameters))
    return base64.b64encode(hmac.digest(token.encode(), said.encode(), hashlib.sha1)).decode("ascii")


def _judge(answer: Answer) -> str:
    """The provider's id for the message. What it will not send is final, whosever fault that is: whoever was to be told
    is told elsewhere at once."""
    said = _read(answer.body)
    if 200 <= answer.status < 300:
        return str(said.get("sid", ""))[:200]
    number = said.get("code")
    code = f"sms-{number}" if isinstance(number, int) else f"http-{answer.status}"
    if answer.status >= 500 or answer.status in {408, 425, 429} or number in NOT_THEIRS:
        raise Temporary(code, line_down=answer.status in OVERLOADED, not_before=answer.rest)
    raise Permanent(code)


def _read(body: bytes) -> dict[str, object]:
    with suppress(ValueError):
        said = json.loads(body)
        if isinstance(said, dict):
            return said
    return {}
