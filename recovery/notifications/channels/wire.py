"""Connections to providers that end in time. A socket's own time-out bounds one wait, and a server that answers byte by
byte makes many; here all waits together have an end."""

import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from recovery.notifications.channels import Waiting

CONNECT_S = 3.0
"""For a connection to stand, and once more for TLS on it."""

LISTEN_S = 0.25
"""After this long without a byte, whoever waits says that they are still there, and listens on."""

Result = TypeVar("Result")


class NotAllowed(Exception):
    """None of the host's addresses may be connected to."""


def nothing() -> None:
    pass


class Limit:
    """So many seconds from now on, for everything. `waiting` is called now and then while a provider is waited for."""

    def __init__(self, seconds: float, *, waiting: Waiting = nothing) -> None:
        self._ends_at = time.monotonic() + seconds
        self.waiting = waiting

    def next_wait_s(self) -> float:
        """How long the next wait may be. Raises TimeoutError when the time is up."""
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the provider took too long")
        return min(left, LISTEN_S)


class _Limited(socket.socket):
    """With a limit, reading ends when that does; without one it is a socket like any other."""

    limit: Limit | None = None

    def recv_into(self, *args: Any, **options: Any) -> int:
        receive = super().recv_into
        return self._within_limit(lambda: receive(*args, **options))

    def recv(self, *args: Any, **options: Any) -> bytes:
        receive = super().recv
        return self._within_limit(lambda: receive(*args, **options))

    def sendall(self, *args: Any, **options: Any) -> None:
        self.settimeout(CONNECT_S)  # a message is short: what does not leave at once is stuck
        super().sendall(*args, **options)

    def _within_limit(self, receive: Callable[[], Result]) -> Result:
        if self.limit is None:
            return receive()
        while True:
            self.settimeout(self.limit.next_wait_s())
            try:
                return receive()
            except TimeoutError:
                self.limit.waiting()


class Wire(_Limited):
    """A TCP connection."""


class SecureWire(_Limited, ssl.SSLSocket):
    """The same in TLS."""

    def do_handshake(self, block: bool = False) -> None:
        self.settimeout(CONNECT_S)
        super().do_handshake(block)


Wires = Wire | SecureWire


def secure_context() -> ssl.SSLContext:
    """For servers whose certificate and name are checked."""
    context = ssl.create_default_context()
    context.sslsocket_class = SecureWire
    return context


def connect(
    host: str, port: int, *, limit: Limit, is_allowed: Callable[[str], bool] = lambda address: True
) -> Wire:
    """Connect to one of the host's addresses. `is_allowed` is asked about the very address that is connected to.
    Raises NotAllowed if none of them is allowed, and else OSError, which may go away.

    Looking up the name is bounded by the system's resolver, not by the limit.
    """
    failure: Exception = ConnectionRefusedError("the name has no address")
    allowed = False
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        if not is_allowed(str(address[0])):
            if not allowed:
                failure = NotAllowed("the address is not allowed")
            continue
        allowed = True
        wire = Wire(family, kind, protocol)
        try:
            wire.settimeout(CONNECT_S)
            wire.connect(address)
        except OSError as error:
            wire.close()
            failure = error
            continue
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire.limit = limit
        return wire
    raise failure


def hang_up(wire: socket.socket | None) -> None:
    if wire is not None:
        with suppress(OSError):
            wire.close()
