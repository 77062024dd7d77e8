"""Webhooks over HTTPS, signed as Standard Webhooks says (https://www.standardwebhooks.com): whoever receives one can
check in any language that it is ours, new, and not seen before."""

import base64
import hashlib
import hmac
import json
import time
from contextlib import suppress
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from recovery import clock
from recovery.notifications.channels import Message, Permanent, Temporary, Waiting, reach, wire
from recovery.notifications.channels.reach import Target

TOTAL_S = 10.0
IDLE_S = 10.0
"""A connection that rested longer is made anew."""

LONGEST_ANSWER = 4_096
"""Bytes of an answer that are read, so that the connection can be used again. Nothing of them is kept."""

LONGEST_REST = timedelta(minutes=5)
"""Whatever a server asks for, it is tried again after this."""

NOT_NOW = {408, 425, 429}
"""Of the 4xx those that may go away by themselves; any other is final."""

OVERLOADED = {429, 502, 503, 504}
"""Other messages would fare no better now."""

PREFIX = "whsec_"
"""What the secrets of this scheme begin with; base64 follows."""

FAULTS = (OSError, HTTPError, HTTPException)


class Webhook:
    """One connection, to where the last message went."""

    def __init__(self) -> None:
        self._connection: HTTPConnection | None = None
        self._target: Target | None = None
        self._used_at = 0.0

    def open(self, to: str, waiting: Waiting = wire.nothing) -> None:
        target = reach.target_of(to)
        if self._stands(target):
            return
        self.close()
        limit = wire.Limit(TOTAL_S, waiting=waiting)
        connection = _SecureConnection(target, limit) if target.secure else _Connection(target, limit)
        try:
            connection.connect()
        except wire.NotAllowed:
            raise Permanent("address-inside") from None
        except FAULTS as error:
            connection.close()
            raise Temporary(type(error).__name__, line_down=True) from None
        self._connection, self._target, self._used_at = connection, target, time.monotonic()

    def send(self, message: Message, waiting: Waiting = wire.nothing) -> str:
        connection, target = self._connection, self._target
        if connection is None or target is None:
            raise Temporary("not-open", line_down=True)
        body = compose(message)
        headers = sign(message, body) | {"Content-Type": "application/json", "User-Agent": "recovery"}
        try:
            _limit(connection, wire.Limit(TOTAL_S, waiting=waiting))
            connection.request("POST", target.path, body=body, headers=headers, preload_content=False)
            answer = connection.getresponse()
            status, rest = answer.status, _retry_after(answer.headers.get("Retry-After"))
            whole = len(answer.read(LONGEST_ANSWER)) < LONGEST_ANSWER and answer.closed
        except FAULTS as error:
            self.close()  # whether it was taken is uncertain
            raise Temporary(type(error).__name__, line_down=True) from None
        self._used_at = time.monotonic()
        if not whole:
            self.close()
        return _judge(status, rest)

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _stands(self, target: Target) -> bool:
        return (
            self._connection is not None
            and self._target is not None
            and (self._target.host, self._target.port) == (target.host, target.port)
            and time.monotonic() - self._used_at < IDLE_S
            and self._connection.is_connected
        )


def compose(message: Message) -> bytes:
    data: dict[str, object] = {"key": str(message.key)}
    if message.tier:
        data["tier"] = message.tier.code
    if message.code:
        data["code"] = message.code
    document = {
        "type": message.kind,
        "timestamp": clock.real().isoformat(timespec="seconds"),
        "data": data | {"links": list(message.links)},
    }
    return json.dumps(document, separators=(",", ":")).encode()


def sign(message: Message, body: bytes) -> dict[str, str]:
    """One signature for each secret, so that it can be changed without a message being lost."""
    sent_at = int(clock.real().timestamp())
    signatures = [signature(secret, str(message.key), sent_at, body) for secret in message.secrets]
    return {
        "webhook-id": str(message.key),
        "webhook-timestamp": str(sent_at),
        "webhook-signature": " ".join(signatures),
    }


def signature(secret: str, key: str, sent_at: int, body: bytes) -> str:
    with_what = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.digest(with_what, f"{key}.{sent_at}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode('ascii')}"


def _judge(status: int, rest: timedelta) -> str:
    """What the answer means. Raises Temporary or Permanent; a redirection is not followed, it might lead anywhere."""
    if 200 <= status < 300:
        return f"http-{status}"
    if status >= 500 or status in NOT_NOW:
        raise Temporary(f"http-{status}", line_down=status in OVERLOADED, not_before=rest)
    raise Permanent(f"http-{status}")


def _retry_after(given: str | None) -> timedelta:
    """Seconds or a date; nonsense is nothing."""
    wait = timedelta()
    with suppress(ValueError, OverflowError):
        if given and given.strip().isdecimal():
            wait = timedelta(seconds=min(int(given), 86_400))
        elif given:
            wait = parsedate_to_datetime(given) - clock.real()
    return min(max(wait, timedelta()), LONGEST_REST)


class _Connection(HTTPConnection):
    """To an address that may be reached, within a limit."""

    secure = False

    def __init__(self, target: Target, limit: wire.Limit, **options: Any) -> None:
        super().__init__(target.host, target.port, **options)
        self._limit = limit

    def _new_conn(self) -> wire.Wire:
        return wire.connect(
            self.host,
            self.port or 443,
            limit=self._limit,
            is_allowed=lambda address: reach.may_reach(address, secure=self.secure),
        )

    def connect(self) -> None:
        super().connect()
        _limit(self, self._limit)


class _SecureConnection(_Connection, HTTPSConnection):
    secure = True

    def __init__(self, target: Target, limit: wire.Limit) -> None:
        super().__init__(target, limit, ssl_context=wire.secure_context())


def _limit(connection: HTTPConnection, limit: wire.Limit) -> None:
    if isinstance(connection.sock, wire.Wire | wire.SecureWire):
        connection.sock.limit = limit
