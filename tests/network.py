"""Nothing in a test may leave the machine."""

import ipaddress
import socket
from collections.abc import Generator
from contextlib import contextmanager
from unittest.mock import patch


class Blocked(RuntimeError):
    """A test tried to reach somebody else's machine."""


@contextmanager
def loopback_only() -> Generator[None]:
    """Refuses connections, datagrams and name look-ups that are not for this machine, in this process."""

    def guarded(name: str, place: int):
        original = getattr(socket.socket, name)

        def call(sock: socket.socket, *arguments: object) -> object:
            if sock.family in {socket.AF_INET, socket.AF_INET6}:
                _check(arguments[place][0])
            return original(sock, *arguments)

        return patch.object(socket.socket, name, call)

    look_up = socket.getaddrinfo

    def local_look_up(host: object, *arguments: object, **options: object) -> object:
        _check(host)
        return look_up(host, *arguments, **options)

    methods = guarded("connect", 0), guarded("connect_ex", 0), guarded("sendto", -1)
    with methods[0], methods[1], methods[2], patch.object(socket, "getaddrinfo", local_look_up):
        yield


def _check(host: object) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name in {None, "", "localhost"}:
        return
    try:
        if ipaddress.ip_address(str(name)).is_loopback or str(name) == "0.0.0.0":
            return
    except ValueError:
        pass
    raise Blocked(f"A test tried to reach {name!r}.")
