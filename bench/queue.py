"""The board with a thousand open alerts against the floor: what a nurse waits for, what an open board costs all day.

Same server and settings, same database, interleaved rounds, one connection on either side: a person asks for one page
at a time. Looked at twice: a board that has not changed since the last look, and one of which somebody changed an alert
before each look. Then the question whether anything has changed, when nothing has: the bytes of its answer, and its
statements, but for the look whether the connection lives.
"""

import statistics
from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Any

import psycopg

from bench import desk, load, size, sql, world
from bench.post import floor_requests
from bench.schema import FLOOR
from bench.stage import Stage

LIVE = size.pick(1_000, 20)
PATIENTS = size.pick(2_000, 50)
CHANGE = """
    UPDATE recovery_alert SET changed_at = clock_timestamp() WHERE id = (
        SELECT id FROM recovery_alert WHERE status = 'open' ORDER BY tier DESC, tier_at, id LIMIT 1)
"""
ROUNDS, COUNT = size.pick(15, 1), size.pick(200, 10)


def measure() -> dict[str, Any]:
    with Stage() as stage:
        with psycopg.connect(stage.services.owner_url, autocommit=True) as owner:
            owner.execute(FLOOR)
        first = desk.open_alert(world.begin(earlier=1))
        cookie = desk.sign_in()
        world.multiply(first, PATIENTS, days=1, owner_url=stage.services.owner_url)
        desk.copy_alerts(
            first, patients=PATIENTS, live=LIVE, total=2 * LIVE, owner_url=stage.services.owner_url
        )
        floor, board = stage.serve("bench.floor:application").port, stage.serve().port
        reports, looks = floor_requests(), repeat(load.get("/", cookie=cookie))
        sides: dict[str, Callable[[], load.Outcome]] = {
            "floor": lambda: load.run(floor, reports, count=COUNT, connections=1),
            "page": lambda: load.run(board, looks, count=COUNT, connections=1),
            "changed": lambda: _changing(stage.services.owner_url, board, looks),
        }
        rounds: dict[str, list[load.Outcome]] = {name: [] for name in sides}
        for number in range(ROUNDS + 1):
            for name in sorted(sides, reverse=bool(number % 2)):  # neither side always comes second
                outcome = sides[name]()
                if set(outcome.statuses) != {201 if name == "floor" else 200}:
                    raise RuntimeError(f"{name} was answered {dict(outcome.statuses)}")
                if number:  # the first round warms up
                    rounds[name].append(outcome)
        refresh = _refresh(stage, cookie)
    return _summary(rounds) | refresh | {"live_alerts": LIVE, "rounds": ROUNDS, "samples": ROUNDS * COUNT}


def _changing(owner_url: str, port: int, looks: Iterator[bytes]) -> load.Outcome:
    """Each look at a board that has changed since the one before."""
    outcome = load.Outcome()
    with psycopg.connect(owner_url, autocommit=True) as owner:
        for _ in range(COUNT):
            owner.execute(CHANGE)
            look = load.run(port, looks, count=1, connections=1)
            outcome.latencies += look.latencies
            outcome.statuses += look.statuses
    return outcome


def _summary(rounds: dict[str, list[load.Outcome]]) -> dict[str, Any]:
    """A ratio is the median of the rounds' ratios: what disturbs the machine disturbs both sides of a round."""
    measured: dict[str, Any] = {}
    for share in (50, 99):
        of = {name: [outcome.percentile(share / 100) for outcome in sides] for name, sides in rounds.items()}
        for side, named in (("page", ""), ("changed", "changed_")):
            ratios = [page / floor for page, floor in zip(of[side], of["floor"], strict=True)]
            measured[f"{named}p{share}_ratio"] = round(statistics.median(ratios), 2)
        for name, values in of.items():
            measured[f"{name}_p{share}_ms"] = round(statistics.median(values) * 1000, 1)
    return measured


def _refresh(stage: Stage, cookie: str) -> dict[str, Any]:
    """On a server of its own, once each of its processes has its connection."""
    with sql.logged(stage, stage.services.plan.database):
        port = stage.serve().port
        ask = desk.poll(port, "/board/list", cookie)
        for _ in range(desk.WARM_UP):
            ask()
        asked = sql.statements_of(stage, ask)
    return {
        "refresh_statements": asked.count - asked.looks,
        "refresh_bytes": desk.unchanged(port, "/board/list", cookie),
    }
