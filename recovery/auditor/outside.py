"""The roads out that need nothing of the service: the dead-man's URL, which is called only while all is well, and a
mail straight to whoever operates it. Both end in time, and neither raises."""

import http.client
import logging
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings

from recovery.clinical.tiers import Tier
from recovery.notifications.channels import Message, Permanent, Temporary, wire
from recovery.notifications.channels.email import Email

log = logging.getLogger(__name__)

TOTAL_S = 10.0
LONGEST_ANSWER = 4_096


def ping(url: str) -> bool:
    """Tell the outside that all is well. A redirection is not followed. Whether it was heard (2xx)."""
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
        line.request("GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        answer = line.getresponse()
        answer.read(LONGEST_ANSWER)
    except (OSError, ValueError, http.client.HTTPException, ssl.SSLError) as error:
        log.error("the dead-man's URL could not be called: %s", type(error).__name__)
        return False
    finally:
        wire.hang_up(sock)
    if not 200 <= answer.status < 300:
        log.error("the dead-man's URL answered %s", answer.status)
    return 200 <= answer.status < 300


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
