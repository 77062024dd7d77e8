"""Ten million check-ins against hardly any: a patient's page with its chart, and the full POST.

Two databases of one server: one with as many patients as ten million reports take (42 each), one with few more than are
asked about here. Reports lie in the order of their arrival, so that those of one patient lie far apart, and hold the 28
answers of a real form; who is asked about is spread evenly over all patients. Tables are as migrated and logged; the
indexes of the large ones are taken away while they are filled, and made again.
"""

import statistics
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from typing import Any
from uuid import UUID

import psycopg

from bench import desk, load, size, traffic, world
from bench.board import named
from bench.stage import Server, Stage
from bench.world import First, Phone

REPORTS = size.pick(10_000_000, 2_000)
ASKED = size.pick(2_000, 20)
"""Patients with a live alert, whose pages are asked for; as many others report."""
PAGES, CHARTS = size.pick(100, 2), size.pick(400, 2)
ROUNDS, COUNT = size.pick(10, 1), size.pick(1_000, 40)
RED_PHONES = (ROUNDS + 1) * COUNT // traffic.RED_EVERY

Pair = tuple[Server, Server]


def measure() -> dict[str, Any]:
    with Stage() as stage:
        first = desk.open_alert(world.begin())
        cookie = desk.sign_in()
        many = stage.copy("many")
        desk.add_database("many", many)
        owner_urls = stage.services.owner_url, many["DATABASE_OWNER_URL"]
        patients = 3 * ASKED, max(REPORTS // world.EARLIER, 3 * ASKED)
        filled = [_fill(first, count, url) for count, url in zip(patients, owner_urls, strict=True)]
        servers = stage.serve(), stage.serve(**many)
        return (
            {"few_reports": _reports(owner_urls[0]), "many_reports": _reports(owner_urls[1])}
            | {"many_gb": _gigabytes(owner_urls[1])}
            | named("page", _pages(servers, [alerts for alerts, _ in filled], cookie))
            | named("chart", _charts([alerts for alerts, _ in filled]))
            | named("post", _posts(servers, [phones for _, phones in filled]))
        )


def _fill(first: First, patients: int, owner_url: str) -> tuple[list[UUID], list[Phone]]:
    """The live alerts, and phones of patients without one. Both lie evenly among all."""
    everybody = world.multiply(first, patients, days=world.EARLIER, owner_url=owner_url)
    alerts = desk.copy_alerts(first, patients=patients, live=ASKED, total=ASKED, owner_url=owner_url)
    apart = (patients - 1) // ASKED
    return alerts, everybody[apart + 1 :: apart][: ASKED - 1]


def _pages(servers: Pair, alerts: Sequence[list[UUID]], cookie: str) -> dict[str, Any]:
    def next_page(server: Server, ids: list[UUID]) -> Callable[[], float]:
        following = cycle(ids)
        return desk.timed(lambda: desk.page(server.port, f"/alerts/{next(following)}", cookie)())

    few, many = map(next_page, servers, alerts)
    return desk.compare(few, many, rounds=PAGES)


def _charts(alerts: Sequence[list[UUID]]) -> dict[str, Any]:
    """What the page reads of the check-ins and draws, in this process, without the page around it."""
    from recovery import clock
    from recovery.dashboard.screens import alert as screen
    from recovery.models import User

    nurse = User.objects.get(email="nurse@example.org")

    def next_chart(database: str, ids: list[UUID]) -> Callable[[], float]:
        following = cycle(ids)

        def draw() -> float:
            with desk.at_database(database):
                return desk.timed(lambda: screen.show(nurse, next(following), clock.now()))()

        return draw

    few, many = map(next_chart, ("default", "many"), alerts)
    return desk.compare(few, many, rounds=CHARTS)


def _posts(servers: Pair, phones: Sequence[list[Phone]]) -> dict[str, Any]:
    requests = [traffic.requests(each[RED_PHONES:], each[:RED_PHONES]) for each in phones]
    rounds: list[list[load.Outcome]] = [[], []]
    for number in range(ROUNDS + 1):
        for which in (0, 1) if number % 2 else (1, 0):
            outcome = _round(servers[which], requests[which])
            if number:  # the first round warms up
                rounds[which].append(outcome)
    few, many = rounds
    ratios = [after.per_second / before.per_second for before, after in zip(few, many, strict=True)]
    p99s = [after.percentile(0.99) / before.percentile(0.99) for before, after in zip(few, many, strict=True)]
    return {
        "few_per_second": round(statistics.median(outcome.per_second for outcome in few)),
        "many_per_second": round(statistics.median(outcome.per_second for outcome in many)),
        "ratio": round(statistics.median(ratios), 2),
        "p99_ratio": round(statistics.median(p99s), 2),
    }


def _round(server: Server, requests: Iterator[bytes]) -> load.Outcome:
    outcome = load.run(server.port, requests, count=COUNT)
    if set(outcome.statuses) != {201}:
        raise RuntimeError(f"answered {dict(outcome.statuses)}, not 201 throughout")
    return outcome


def _reports(owner_url: str) -> int:
    return int(_ask(owner_url, "SELECT count(*) FROM recovery_checkin"))


def _gigabytes(owner_url: str) -> float:
    """Check-ins and assessments with their indexes."""
    sizes = " + ".join(f"pg_total_relation_size('{table}')" for table in world.REPORTS)
    return round(int(_ask(owner_url, f"SELECT {sizes}")) / 1e9, 1)


def _ask(owner_url: str, query: str) -> Any:
    with psycopg.connect(owner_url) as owner:
        row = owner.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]
