"""The full POST against the floor: what judging, tenancy, idempotency and durability cost on top of bare DRF.

Same server, same database, interleaved rounds, eight connections. The broker runs and is told of the red flags (5 %);
no worker runs, because the floor has none.
"""

import json
import statistics
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any
from uuid import uuid4

from bench import load, world
from bench.stage import Stage

ROUNDS = 5
COUNT = 1_500
PHONES = 250


def measure() -> dict[str, Any]:
    with Stage() as stage:
        _make_floor_table(stage)
        phones = world.enrol(PHONES)
        ports = {
            "floor": stage.serve("bench.floor:application"),
            "full": stage.serve("config.wsgi:application"),
        }
        requests = {"floor": _floor_requests(), "full": _full_requests(phones)}
        rounds: dict[str, list[load.Outcome]] = {name: [] for name in ports}
        for number in range(ROUNDS + 1):
            for name, port in ports.items():
                outcome = load.run(port, requests[name], count=COUNT)
                if set(outcome.statuses) != {201}:
                    raise RuntimeError(f"{name} answered {dict(outcome.statuses)}")
                if number:  # the first round warms up
                    rounds[name].append(outcome)
    return _summary(rounds)


def _summary(rounds: dict[str, list[load.Outcome]]) -> dict[str, Any]:
    def median(name: str, figure: Callable[[load.Outcome], float]) -> float:
        return statistics.median(figure(outcome) for outcome in rounds[name])

    per_second = {name: median(name, lambda outcome: outcome.per_second) for name in rounds}
    p99_ms = {name: median(name, lambda outcome: outcome.percentile(0.99) * 1000) for name in rounds}
    return {
        "full_per_second": round(per_second["full"]),
        "floor_per_second": round(per_second["floor"]),
        "throughput_ratio": round(per_second["full"] / per_second["floor"], 2),
        "full_p99_ms": round(p99_ms["full"], 1),
        "floor_p99_ms": round(p99_ms["floor"], 1),
        "p99_ratio": round(p99_ms["full"] / p99_ms["floor"], 2),
        "rounds": ROUNDS,
    }


def _full_requests(phones: list[world.Phone]) -> Iterator[bytes]:
    for phone, body in zip(cycle(phones), world.reports(), strict=False):
        yield load.post("/api/v1/check-ins", body, token=phone.token)


def _floor_requests() -> Iterator[bytes]:
    while True:
        body = {
            "enrolment_id": 1, "client_uuid": str(uuid4()), "reported_for": "2026-03-02",
            "submitted_at": "2026-03-02T10:00:00Z", "pain": 2, "nausea": 0, "temperature": "36.7", "swelling": 0,
            "bleeding": 0, "wound": "clean", "meds_taken": True, "note": "A little sore this morning.",
        }  # fmt: skip
        yield load.post("/check-ins", json.dumps(body).encode())


def _make_floor_table(stage: Stage) -> None:
    import psycopg

    from bench.schema import FLOOR

    with psycopg.connect(stage.services.owner_url, autocommit=True) as owner:
        owner.execute(FLOOR)
