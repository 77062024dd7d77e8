"""A load at a given rate: each report has its instant, whether or not the ones before it are answered.

What is late because the server was busy counts as waiting: latencies run from the instant at which it was due.
Connections take turns: one that idles for long is closed by the server.
"""

import selectors
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from bench.load import TIMEOUT_S, Connection
from bench.traffic import Report


@dataclass(frozen=True)
class Sent:
    """A report that was answered. Instants are the monotonic clock's, which the processes of one machine share."""

    report: Report
    due_at: float
    answered_at: float
    status: int

    @property
    def latency_s(self) -> float:
        return self.answered_at - self.due_at


def run(
    port: int, reports: Iterator[Report], *, per_second: float, seconds: float, connections: int = 16
) -> list[Sent]:
    ahead, sent = iter(list(islice(reports, round(per_second * seconds)))), []
    following = next(ahead, None)
    due_at, waiting = time.monotonic(), deque[tuple[float, Report]]()
    under_way: dict[Connection, tuple[float, Report]] = {}
    with selectors.DefaultSelector() as selector:
        idle = deque(Connection(port) for _ in range(connections))
        for connection in idle:
            selector.register(connection.wire, selectors.EVENT_READ, connection)
        while following or waiting or under_way:
            while following and due_at <= time.monotonic():
                waiting.append((due_at, following))
                following, due_at = next(ahead, None), due_at + 1 / per_second
            while waiting and idle:
                under_way[connection := idle.popleft()] = waiting.popleft()
                connection.send(under_way[connection][1].request)
            pause = max(0.0, due_at - time.monotonic()) if following else TIMEOUT_S
            ready = selector.select(pause)
            if not ready and not following:
                raise TimeoutError(f"no answer within {TIMEOUT_S} s")
            for key, _ in ready:
                connection = key.data
                status = connection.status()
                if status is not None:
                    was_due_at, report = under_way.pop(connection)
                    sent.append(Sent(report, was_due_at, time.monotonic(), status))
                    idle.append(connection)
        for connection in idle:
            connection.wire.close()
    return sent
