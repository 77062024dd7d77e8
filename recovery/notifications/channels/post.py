"""HTTP posts to providers: on connections that we open ourselves, ended in time, kept for the next one. Nothing is
followed, and nothing tried again here."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from recovery import clock
from recovery.notifications.channels import Permanent, Temporary, Waiting, wire

TOTAL_S = 10.0
IDLE_S = 10.0
"""A connection that rested longer is made anew."""

LONGEST_ANSWER = 4_096
"""Bytes of an answer that are read, so that the connection can be used again."""

LONGEST_REST = timedelta(minutes=5)
"""Whatever a server asks for, it is tried again after this."""

OVERLOADED = {429, 502, 503, 504}
"""Other messages would fare no better now."""

FAULTS = (OSError, HTTPError, HTTPException)

IsAllowed = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Server:
    """`host` is as a certificate names it."""

    secure: bool
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes
    rest: timedelta
    """How long the server asks to be left alone."""


class Line:
    """One connection, to the server that the last post went to."""

    def __init__(self) -> None:
        self._connection: HTTPConnection | None = None
        self._server: Server | None = None
        self._used_at = 0.0

    def open(self, server: Server, is_allowed: IsAllowed, waiting: Waiting = wire.nothing) -> None:
        """Raises Permanent if no address of the server is allowed, Temporary if none answers."""
        if self._stands(server):
            return
        self.close()
        limit = wire.Limit(TOTAL_S, waiting=waiting)
        kind = _SecureConnection if server.secure else _Connection
        connection = kind(server, is_allowed, limit)
        try:
            connection.connect()
        except wire.NotAllowed:
            raise Permanent("address-inside") from None
        except FAULTS as error:
            connection.close()
            raise Temporary(type(error).__name__, line_down=True) from None
        self._connection, self._server, self._used_at = connection, server, time.monotonic()

    def post(
        self, path: str, body: bytes, headers: Mapping[str, str], waiting: Waiting = wire.nothing
    ) -> Answer:
        """Raises Temporary when it is uncertain whether it was taken."""
        connection = self._connection
        if connection is None:
            raise Temporary("not-open", line_down=True)
        said = {"User-Agent": "recovery", **headers}
        try:
            _limit(connection, wire.Limit(TOTAL_S, waiting=waiting))
            connection.request("POST", path, body=body, headers=said, preload_content=False)
            answer = connection.getresponse()
            rest, read = _retry_after(answer.headers.get("Retry-After")), answer.read(LONGEST_ANSWER)
            whole = len(read) < LONGEST_ANSWER and answer.closed
        except FAULTS as error:
            self.close()
            raise Temporary(type(error).__name__, line_down=True) from None
        self._used_at = time.monotonic()
        if not whole:
            self.close()
        return Answer(answer.status, read, rest)

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _stands(self, server: Server) -> bool:
        return (
            self._connection is not None
            and self._server == server
            and time.monotonic() - self._used_at < IDLE_S
            and self._connection.is_connected
        )


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
    """To an address that is allowed, within a limit."""

    def __init__(self, server: Server, is_allowed: IsAllowed, limit: wire.Limit, **options: Any) -> None:
        super().__init__(server.host, server.port, **options)
        self._is_allowed, self._limit = is_allowed, limit

    def _new_conn(self) -> wire.Wire:
        return wire.connect(self.host, self.port or 443, limit=self._limit, is_allowed=self._is_allowed)

    def connect(self) -> None:
        super().connect()
        _limit(self, self._limit)


class _SecureConnection(_Connection, HTTPSConnection):
    def __init__(self, server: Server, is_allowed: IsAllowed, limit: wire.Limit) -> None:
        super().__init__(server, is_allowed, limit, ssl_context=wire.secure_context())


def _limit(connection: HTTPConnection, limit: wire.Limit) -> None:
    if isinstance(connection.sock, wire.Wire | wire.SecureWire):
        connection.sock.limit = limit
