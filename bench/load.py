"""A load on loopback: some keep-alive connections, each sending the next prepared request as soon as it has its answer.

One thread and plain sockets, so that the client takes little of the machine that it shares with the server.
"""

import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

TIMEOUT_S = 30.0


@dataclass
class Outcome:
    """What one round gave. Latencies in seconds, in order of completion."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(eq=False)
class _Connection:
    port: int
    started_at: float = 0.0
    buffer: bytes = b""
    wire: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self.wire = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT_S)
        self.wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> None:
        self.started_at = time.perf_counter()
        self.buffer = b""
        self.wire.sendall(request)

    def status(self) -> int | None:
        """Read what is there; the status once the answer is whole."""
        chunk = self.wire.recv(65536)
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
        whole = body.endswith(b"0\r\n\r\n") if length is None else len(body) >= length
        return int(head[9:12]) if whole else None


def post(path: str, body: bytes, *, token: str = "") -> bytes:
    """A whole request as bytes."""
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{authorization}Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def run(port: int, requests: Iterator[bytes], *, count: int, connections: int = 8) -> Outcome:
    """Send `count` requests over some connections and time each from its first byte out to its last byte in."""
    outcome, sent = Outcome(), 0
    with selectors.DefaultSelector() as selector:
        open_ones = [_Connection(port) for _ in range(connections)]
        began = time.perf_counter()
        for connection in open_ones:
            selector.register(connection.wire, selectors.EVENT_READ, connection)
            connection.send(next(requests))
            sent += 1
        while len(outcome.latencies) < count:
            ready = selector.select(TIMEOUT_S)
            if not ready:
                raise TimeoutError(f"no answer within {TIMEOUT_S} s")
            for key, _ in ready:
                connection = key.data
                status = connection.status()
                if status is None:
                    continue
                outcome.latencies.append(time.perf_counter() - connection.started_at)
                outcome.statuses[status] += 1
                if sent < count:
                    connection.send(next(requests))
                    sent += 1
        outcome.seconds = time.perf_counter() - began
        for connection in open_ones:
            connection.wire.close()
    return outcome
