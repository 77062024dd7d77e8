"""Free ports on loopback."""

import fcntl
import os
import random
import socket
import tempfile
from functools import cache
from pathlib import Path

HOST = "127.0.0.1"
# Below the range from which systems take the local ends of outgoing connections, so that none lands on ours.
LOWEST, HIGHEST = 15_000, 32_000


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free(preferred: int | None = None) -> int:
    """The preferred one if it is free, else any that was given to nobody who still runs: they may not listen yet."""
    if preferred and is_free(preferred):
        return preferred
    choice = random.SystemRandom()
    for _ in range(200):
        port = choice.randint(LOWEST, HIGHEST)
        if port not in _given and is_free(port) and _is_given_to_us(port):
            _given.add(port)
            return port
    raise RuntimeError(f"No free port found from {LOWEST} to {HIGHEST}.")


_given: set[int] = set()


def _is_given_to_us(port: int) -> bool:
    """Whoever is given a port locks its byte of one file; the lock ends with the process, however that ends."""
    try:
        fcntl.lockf(_register(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except BlockingIOError:
        return False
    return True


@cache
def _register() -> int:
    """Open for as long as the process: to close it would end its locks."""
    file = Path(tempfile.gettempdir()) / f"recovery-ports-{os.getuid()}"
    return os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
