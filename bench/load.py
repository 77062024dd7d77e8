"""A load on loopback: some keep-alive connections, each sending the next prepared request as soon as it has its answer.

One thread and plain sockets, so that the client takes little of the machine that it shares with the server. How little
is measured with it.
"""

import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Self

from services.ports import HOST

TIMEOUT_S = 30.0


@dataclass
class Outcome:
    """What one round gave. Latencies in seconds, in order of completion."""

    seconds: float = 0.0
    client_cpu_s: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        return percentile(self.latencies, share)

    def taken(self) -> Self:
        """Itself, if every report was taken; else what was measured is something else."""
        if set(self.statuses) != {201}:
            raise RuntimeError(f"reports were answered {dict(self.statuses)}, not 201 throughout")
        return self


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(eq=False)
class Connection:
    """One keep-alive connection with at most one request under way."""

    port: int
    started_at: float = 0.0
    buffer: bytes = b""
    head: str = ""
    wire: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self.wire = socket.create_connection((HOST, self.port), timeout=TIMEOUT_S)
        self.wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> None:
        self.started_at = time.monotonic()
        self.buffer = b""
        self.wire.sendall(request)

    def status(self) -> int | None:
        """Read what is there; the status once the answer is whole."""
        chunk = self.wire.recv(262_144)
        if not chunk:
            raise ConnectionError("the server closed the connection in the middle of an answer")
        self.buffer += chunk
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return None
        length: int | None = None
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line[15:])
        is_bare = head[9:12] in {b"204", b"304"}
        whole = is_bare or (body.endswith(b"0\r\n\r\n") if length is None else len(body) >= length)
        if not whole:
            return None
        self.head = head.decode("latin-1").lower()
        return int(head[9:12])


def post(path: str, body: bytes, *, token: str = "") -> bytes:
    """A whole request as bytes."""
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\n{authorization}Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get(path: str, *, cookie: str, known: str = "") -> bytes:
    """`known` is the tag of the answer that the caller has."""
    tag = f"If-None-Match: {known}\r\n" if known else ""
    return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nCookie: {cookie}\r\n{tag}\r\n".encode()


def ask(port: int, request: bytes) -> tuple[int, dict[str, str]]:
    """One request over a connection of its own: the status, and the headers by their names in small letters."""
    connection = Connection(port)
    try:
        connection.send(request)
        while (status := connection.status()) is None:
            pass
    finally:
        connection.wire.close()
    return status, dict(line.split(": ", 1) for line in connection.head.split("\r\n")[1:])


def run(port: int, requests: Iterator[bytes], *, count: int, connections: int = 8) -> Outcome:
    """Send `count` requests over some connections and time each from its first byte out to its last byte in.

    The requests are made before the clock runs.
    """
    outcome, prepared = Outcome(), iter(list(islice(requests, count)))
    with selectors.DefaultSelector() as selector:
        open_ones = [Connection(port) for _ in range(min(connections, count))]
        began, cpu = time.monotonic(), time.thread_time()
        for connection in open_ones:
            selector.register(connection.wire, selectors.EVENT_READ, connection)
            connection.send(next(prepared))
        while len(outcome.latencies) < count:
            ready = selector.select(TIMEOUT_S)
            if not ready:
                raise TimeoutError(f"no answer within {TIMEOUT_S} s")
            for key, _ in ready:
                connection = key.data
                status = connection.status()
                if status is None:
                    continue
                outcome.latencies.append(time.monotonic() - connection.started_at)
                outcome.statuses[status] += 1
                if (request := next(prepared, None)) is not None:
                    connection.send(request)
        outcome.seconds, outcome.client_cpu_s = time.monotonic() - began, time.thread_time() - cpu
        for connection in open_ones:
            connection.wire.close()
    return outcome
