"""Ten million check-ins against hardly any: a patient's page with its chart, an alert's page, and the full POST.

Two databases of one server: one with as many patients as ten million reports take (42 each), one with few more than are
asked about here. Reports lie in the order of their arrival, so that those of one patient lie far apart, and hold the 28
answers of a real form; who is asked about is spread evenly over all patients. Tables are as migrated and logged; the
indexes of the large ones are taken away while they are filled, and made again.
"""

import statistics
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any

import psycopg

from bench import desk, load, size, sql, traffic, world
from bench.desk import Case
from bench.stage import Server, Stage
from bench.world import First, Phone

REPORTS = size.pick(10_000_000, 2_000)
ASKED = size.pick(2_000, 20)
"""Patients with a live alert, whose pages are asked for; as many others report."""
PAGES, QUERIES = size.pick(100, 2), size.pick(100, 2)
ROUNDS, COUNT = size.pick(10, 1), size.pick(1_000, 40)
RED_PHONES = (ROUNDS + 1) * COUNT // traffic.RED_EVERY

Pair = tuple[Server, Server]


def measure() -> dict[str, Any]:
    with Stage() as stage:
        first = desk.open_alert(world.begin())
        cookie = desk.sign_in()
        many = stage.copy("many")
        owner_urls = stage.services.owner_url, many["DATABASE_OWNER_URL"]
        patients = 3 * ASKED, max(REPORTS // world.EARLIER, 3 * ASKED)
        filled = [_fill(first, count, url) for count, url in zip(patients, owner_urls, strict=True)]
        cases, phones = [cases for cases, _ in filled], [phones for _, phones in filled]
        with sql.logged(stage, stage.services.plan.database, "many"):
            watched = _next_pages((stage.serve(), stage.serve(**many)), cases, _patient_path, cookie)
            query = desk.compare(*(desk.queried(stage, page) for page in watched), rounds=QUERIES)
        servers = stage.serve(), stage.serve(**many)
        page = desk.compare(
            *map(desk.timed, _next_pages(servers, cases, _patient_path, cookie)), rounds=PAGES
        )
        alert = desk.compare(*map(desk.timed, _next_pages(servers, cases, _alert_path, cookie)), rounds=PAGES)
        post = _posts(servers, phones)
        sizes: dict[str, Any] = {
            "few_reports": _reports(owner_urls[0]),
            "many_reports": _reports(owner_urls[1]),
        }
        sizes["many_gb"] = _gigabytes(owner_urls[1])
    parts = {"query": query, "page": page, "alert_page": alert, "post": post}
    return sizes | {
        name: value for part, each in parts.items() for name, value in desk.named(part, each).items()
    }


def _fill(first: First, patients: int, owner_url: str) -> tuple[list[Case], list[Phone]]:
    """The live alerts, and phones of patients without one. Both lie evenly among all."""
    everybody = world.multiply(first, patients, days=world.EARLIER, owner_url=owner_url)
    cases = desk.copy_alerts(first, patients=patients, live=ASKED, total=ASKED, owner_url=owner_url)
    apart = (patients - 1) // ASKED
    return cases, everybody[apart + 1 :: apart][: ASKED - 1]


def _next_pages(
    servers: Pair, cases: Sequence[list[Case]], path: Callable[[Case], str], cookie: str
) -> list[Callable[[], object]]:
    """Asking for the page of the next case, each time another one."""

    def next_page(server: Server, each: list[Case]) -> Callable[[], object]:
        following = cycle(each)
        return lambda: desk.page(server.port, path(next(following)), cookie)()

    return [next_page(server, each) for server, each in zip(servers, cases, strict=True)]


def _patient_path(case: Case) -> str:
    return f"/patients/{case.episode}"


def _alert_path(case: Case) -> str:
    return f"/alerts/{case.alert}"


def _posts(servers: Pair, phones: Sequence[list[Phone]]) -> dict[str, Any]:
    requests = [traffic.requests(each[RED_PHONES:], each[:RED_PHONES]) for each in phones]
    rounds: list[list[load.Outcome]] = [[], []]
    for number in range(ROUNDS + 1):
        for which in (0, 1) if number % 2 else (1, 0):
            outcome = load.run(servers[which].port, requests[which], count=COUNT).taken()
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
