"""The roads out that need nothing of the service: an HTTP request, the dead-man's URL, which is called only while all
is well, and a mail straight to whoever operates it. Each ends in time, and none raises."""

import http.client
import logging
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings

from recovery.clinical.tiers import Tier
from recovery.notifications.channels import Message, Permanent, Temporary, wire
from recovery.notifications.channels.email import Email

log = logging.getLogger(__name__)

TOTAL_S = 10.0
LONGEST_ANSWER = 65_536

FAULTS = (OSError, ValueError, http.client.HTTPException)


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` 0: there was none, and `fault` is the class of what went wrong."""

    status: int
    body: bytes = b""
    fault: str = ""

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300


def request(
    method: str, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """Ask once. A redirection is not followed."""
    sock: socket.socket | None = None
    try:
        parts = urlsplit(url)
        host, secure = parts.hostname or "", parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        limit = wire.Limit(TOTAL_S)
        sock = wire.connect(host, port, limit=limit)
        if secure:
            sock = wire.secure_context().wrap_socket(sock, server_hostname=host)
            if isinstance(sock, wire.SecureWire):
                sock.limit = limit
        line = http.client.HTTPConnection(host, port)
        line.sock = sock
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        line.request(method, path, body=body, headers={"Connection": "close"} | dict(headers or {}))
        answer = line.getresponse()
        return Answer(answer.status, answer.read(LONGEST_ANSWER))
    except FAULTS as error:
        return Answer(0, fault=type(error).__name__)
    finally:
        wire.hang_up(sock)


def ping(url: str) -> bool:
    """Tell the outside that all is well. Whether it was heard."""
    answer = request("GET", url)
    if not answer.is_good:
        log.error("the dead-man's URL could not be called: %s", answer.status or answer.fault)
    return answer.is_good


def mail_operator(subject: str, lines: Sequence[str]) -> bool:
    """A mail to OPERATOR_MAIL by SMTP, past the database, the broker and every queue. Whether all were taken."""
    told = [_mail(to, subject, lines) for to in settings.OPERATOR_MAIL]
    return bool(told) and all(told)


def _mail(to: str, subject: str, lines: Sequence[str]) -> bool:
    channel = Email()
    text = "\n".join([*lines, "", f"What is owed: {settings.BASE_URL}/owed", ""])
    message = Message(
        key=uuid4(), to=to, tier=Tier.EMERGENCY, subject=subject, text=text, short=subject, kind="alarm"
    )
    try:
        channel.open(to)
        channel.send(message)
    except (Temporary, Permanent) as fault:
        log.error("the operator could not be mailed: %s", fault.code)
        return False
    finally:
        with suppress(OSError):
            channel.close()
    return True
