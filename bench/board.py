"""The board with two thousand open alerts of one team, among ten thousand alerts and among a million.

Two databases of one server with the same patients; the open alerts lie scattered among the closed ones, which is the
worst for whoever reads them. Measured in turns: the query as the database plans and executes it, the same with its rows
made into objects, and the whole page over HTTP.
"""

from collections.abc import Callable
from typing import Any

from bench import desk, size, world
from bench.stage import Server, Stage

LIVE = size.pick(2_000, 20)
FEW, MANY = size.pick(10_000, 100), size.pick(1_000_000, 2_000)
PATIENTS = size.pick(20_000, 50)
QUERIES, PAGES = size.pick(40, 2), size.pick(15, 2)


def measure() -> dict[str, Any]:
    with Stage() as stage:
        first = desk.open_alert(world.begin(earlier=1))
        cookie = desk.sign_in()
        world.multiply(first, PATIENTS, days=1, owner_url=stage.services.owner_url)
        many = stage.copy("many")
        for total, owner_url in ((FEW, stage.services.owner_url), (MANY, many["DATABASE_OWNER_URL"])):
            desk.copy_alerts(first, patients=PATIENTS, live=LIVE, total=total, owner_url=owner_url)
        desk.add_database("many", many)
        measured = {"live_alerts": LIVE, "few_alerts": FEW, "many_alerts": MANY} | _queries()
        servers = {"few": stage.serve(), "many": stage.serve(**many)}
        return measured | _pages(servers, cookie)


def _queries() -> dict[str, Any]:
    from django.db import connections
    from django.test.utils import CaptureQueriesContext

    from recovery import access
    from recovery.models import User

    nurse = User.objects.get(email="nurse@example.org")
    board = access.alerts(nurse).for_board()

    def rows(alias: str) -> Callable[[], object]:
        def run() -> object:
            if len(found := list(board.using(alias))) != LIVE:
                raise RuntimeError(f"the board shows {len(found)} alerts, not {LIVE}")
            return found

        return run

    sql, parameters = board.query.sql_with_params()

    def executed(alias: str) -> Callable[[], float]:
        def run() -> float:
            with connections[alias].cursor() as cursor:
                cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", parameters)
                ((plan,),) = cursor.fetchone()
            return float(plan["Planning Time"] + plan["Execution Time"])

        return run

    with CaptureQueriesContext(connections["many"]) as asked:
        rows("many")()
    query = desk.compare(executed("default"), executed("many"), rounds=QUERIES)
    objects = desk.compare(desk.timed(rows("default")), desk.timed(rows("many")), rounds=QUERIES)
    return named("query", query) | named("rows", objects) | {"statements": len(asked)}


def _pages(servers: dict[str, Server], cookie: str) -> dict[str, Any]:
    few, many = (desk.timed(desk.page(server.port, "/", cookie)) for server in servers.values())
    return named("page", desk.compare(few, many, rounds=PAGES))


def named(what: str, figures: dict[str, Any]) -> dict[str, Any]:
    return {f"{what}_{name}": value for name, value in figures.items()}
