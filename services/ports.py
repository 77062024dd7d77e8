"""Free ports on loopback."""

import random
import socket

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
    """The preferred one if it is free, else any."""
    if preferred and is_free(preferred):
        return preferred
    choice = random.SystemRandom()
    for _ in range(200):
        if is_free(port := choice.randint(LOWEST, HIGHEST)):
            return port
    raise RuntimeError(f"No free port found from {LOWEST} to {HIGHEST}.")
