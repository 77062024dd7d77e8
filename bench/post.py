"""The full POST against the floor: what judging, tenancy, idempotency and durability cost on top of bare DRF.

Same server and settings, same database, interleaved rounds, eight keep-alive connections on either side. The broker
runs and is told of the red flags (5 %); no worker runs, because the floor has none. Each phone has 42 earlier check-ins
and sends about six; those that report a red flag send nothing else.
"""

import json
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg

from bench import load, size, sql, traffic, usage, world
from bench.schema import FLOOR
from bench.stage import Server, Stage

ROUNDS = size.pick(12, 1)
COUNT = size.pick(1_000, 40)
COUNTED = size.pick(400, 20)
"""Check-ins during which statements are counted."""

MANY = 32
"""Connections of the warm-up: enough to reach both processes of a server."""
PHONES = size.pick(2_000, 20)
RED_PHONES = ((ROUNDS + 1) * COUNT + 3 * COUNTED) // traffic.RED_EVERY


@dataclass(frozen=True)
class Round:
    """One side of one round, with the processor seconds that web server and database took for it."""

    outcome: load.Outcome
    web_cpu_s: float
    database_cpu_s: float

    def ms(self, seconds: float) -> float:
        return seconds / len(self.outcome.latencies) * 1000


def measure() -> dict[str, Any]:
    with Stage() as stage:
        with psycopg.connect(stage.services.owner_url, autocommit=True) as owner:
            owner.execute(FLOOR)
        phones = world.enrol(PHONES + RED_PHONES)
        full = traffic.requests(phones[:PHONES], phones[PHONES:])
        requests = {"floor": floor_requests(), "full": full}
        servers = {"floor": stage.serve("bench.floor:application"), "full": stage.serve()}
        rounds: dict[str, list[Round]] = {name: [] for name in servers}
        for number in range(ROUNDS + 1):
            for name in sorted(servers, reverse=bool(number % 2)):  # neither side always comes second
                done = _round(stage, servers[name], requests[name], connections=8 if number else MANY)
                if number:  # the first round warms up
                    rounds[name].append(done)
        statements = _statements_per_post(stage, full)
    return _summary(rounds) | {"statements_per_post": statements, "rounds": ROUNDS, "samples": ROUNDS * COUNT}


def _round(stage: Stage, server: Server, requests: Iterator[bytes], *, connections: int) -> Round:
    web, database = usage.cpu_s(server.pid), usage.cpu_s(stage.pid("postgres"))
    outcome = load.run(server.port, requests, count=COUNT, connections=connections).taken()
    web, database = usage.cpu_s(server.pid) - web, usage.cpu_s(stage.pid("postgres")) - database
    return Round(outcome, max(web, usage.TICK_S), max(database, usage.TICK_S))


def _summary(rounds: dict[str, list[Round]]) -> dict[str, Any]:
    """A ratio is the median of the rounds' ratios: what disturbs the machine disturbs both sides of a round."""
    full, floor = rounds["full"], rounds["floor"]

    def ratios(figure: Callable[[Round], float]) -> list[float]:
        return [figure(one) / figure(other) for one, other in zip(full, floor, strict=True)]

    def p99(side: Round) -> float:
        return side.outcome.percentile(0.99)

    throughput = ratios(lambda side: side.outcome.per_second)
    measured: dict[str, Any] = {
        "throughput_ratio": round(statistics.median(throughput), 2),
        "throughput_ratio_least": round(min(throughput), 2),
        "throughput_ratio_most": round(max(throughput), 2),
        "p99_ratio": round(statistics.median(ratios(p99)), 2),
        "web_cpu_ratio": round(statistics.median(ratios(lambda side: side.web_cpu_s)), 2),
        "database_cpu_ratio": round(statistics.median(ratios(lambda side: side.database_cpu_s)), 2),
    }
    for name, sides in rounds.items():
        pooled = [latency for side in sides for latency in side.outcome.latencies]
        measured |= {
            f"{name}_per_second": round(statistics.median(side.outcome.per_second for side in sides)),
            f"{name}_p50_ms": round(load.percentile(pooled, 0.5) * 1000, 1),
            f"{name}_p99_ms": round(load.percentile(pooled, 0.99) * 1000, 1),
            f"{name}_web_cpu_ms": round(statistics.median(side.ms(side.web_cpu_s) for side in sides), 2),
            f"{name}_database_cpu_ms": round(
                statistics.median(side.ms(side.database_cpu_s) for side in sides), 2
            ),
        }
    sides = [side for both in rounds.values() for side in both]
    measured["p99_ratio_pooled"] = round(measured["full_p99_ms"] / measured["floor_p99_ms"], 2)
    measured["client_cpu_ms"] = round(
        statistics.median(side.ms(side.outcome.client_cpu_s) for side in sides), 3
    )
    measured["client_busy_share"] = round(
        max(side.outcome.client_cpu_s / side.outcome.seconds for side in sides), 3
    )
    return measured


def floor_requests() -> Iterator[bytes]:
    while True:
        body = {
            "enrolment_id": 1, "client_uuid": str(uuid4()), "reported_for": "2026-03-02",
            "submitted_at": "2026-03-02T10:00:00Z", "pain": 2, "nausea": 0, "temperature": "36.7", "swelling": 0,
            "bleeding": 0, "wound": "clean", "meds_taken": True, "note": "A little sore this morning.",
        }  # fmt: skip
        yield load.post("/check-ins", json.dumps(body).encode())


def _statements_per_post(stage: Stage, requests: Iterator[bytes]) -> float:
    """On a server of its own, once each of its processes has its connection."""
    with sql.logged(stage, stage.services.plan.database):
        server = stage.serve()
        load.run(server.port, requests, count=2 * COUNTED, connections=MANY).taken()
        counted = sql.statements_of(stage, lambda: load.run(server.port, requests, count=COUNTED).taken())
    return round(counted.count / COUNTED, 2)
