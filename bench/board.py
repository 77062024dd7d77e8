"""The board with two thousand open alerts of one team, among ten thousand alerts and among a million.

Two databases of one server with the same patients; the open alerts lie scattered among the closed ones, which is the
worst for whoever reads them. Measured in turns: what the database does for a page, the page over HTTP, and the question
whether the list has changed, which every open board asks every few seconds.
"""

from collections.abc import Callable
from typing import Any

from bench import desk, size, sql, world
from bench.stage import Server, Stage

LIVE = size.pick(2_000, 20)
FEW, MANY = size.pick(10_000, 100), size.pick(1_000_000, 2_000)
PATIENTS = size.pick(20_000, 50)
QUERIES, PAGES, POLLS = size.pick(40, 2), size.pick(30, 2), size.pick(100, 2)


def measure() -> dict[str, Any]:
    with Stage() as stage:
        first = desk.open_alert(world.begin(earlier=1))
        cookie = desk.sign_in()
        world.multiply(first, PATIENTS, days=1, owner_url=stage.services.owner_url)
        many = stage.copy("many")
        for total, owner_url in ((FEW, stage.services.owner_url), (MANY, many["DATABASE_OWNER_URL"])):
            desk.copy_alerts(first, patients=PATIENTS, live=LIVE, total=total, owner_url=owner_url)
        with sql.logged(stage, stage.services.plan.database, "many"):
            watched = [desk.page(server.port, "/", cookie) for server in _servers(stage, many)]
            query = desk.compare(*(desk.queried(stage, page) for page in watched), rounds=QUERIES)
            statements = sql.statements_of(stage, watched[1]).count
        servers = _servers(stage, many)
        page = desk.compare(*_timed(desk.page, servers, "/", cookie), rounds=PAGES)
        poll = desk.compare(*_timed(desk.poll, servers, "/board/list", cookie), rounds=POLLS)
    measured = {"live_alerts": LIVE, "few_alerts": FEW, "many_alerts": MANY, "statements": statements}
    return measured | desk.named("query", query) | desk.named("page", page) | desk.named("poll", poll)


def _servers(stage: Stage, many: dict[str, str]) -> tuple[Server, Server]:
    return stage.serve(), stage.serve(**many)


def _timed(
    asking: Callable[[int, str, str], Callable[[], object]],
    servers: tuple[Server, Server],
    path: str,
    cookie: str,
) -> tuple[Callable[[], float], Callable[[], float]]:
    few, many = (desk.timed(asking(server.port, path, cookie)) for server in servers)
    return few, many
