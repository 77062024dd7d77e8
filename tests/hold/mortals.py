"""Processes that die in the middle of their work, by SIGKILL, at the statement they are told to.

One process has loaded the product and forks another for every piece of work: so a death costs as much as a connection
to the database. `python -m tests.hold.mortals` is that process; it reads work from its input, line by line.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection

from services.children import ROOT, environment
from tests.waiting import wait_until

MARK = "mortal"
"""What the database calls their connections."""


class Mortals:
    """Each call returns whether the process died of it; else it did all of its work before it came to that statement.

    What PostgreSQL had to roll back is rolled back by then.
    """

    def __init__(self, **env: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=ROOT,
            env=environment(PGAPPNAME=MARK, **env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def task(self, name: str, *args: int, now: datetime, dies_at: int) -> bool:
        return self._run({"task": name, "args": args}, now, dies_at)

    def watch(self, *, now: datetime, dies_at: int) -> bool:
        return self._run({"watch": True}, now, dies_at)

    def request(self, method: str, path: str, body: Any, token: str, *, now: datetime, dies_at: int) -> bool:
        return self._run({"request": [method, path, body, token]}, now, dies_at)

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=60)

    def _run(self, work: dict[str, Any], now: datetime, dies_at: int) -> bool:
        assert self._process.stdin
        assert self._process.stdout
        line = json.dumps(work | {"now": now.isoformat(), "dies_at": dies_at})
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        number = int(self._process.stdout.readline())
        assert number in {0, signal.SIGKILL}, f"it ended otherwise: {number}"
        wait_until(_their_connections_are_closed, why="a dead process still holds a transaction")
        return number == signal.SIGKILL


def _their_connections_are_closed() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()",
            [MARK],
        )
        return cursor.fetchone() is None


def _live() -> None:
    import django

    django.setup()
    _load()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _work(**json.loads(line))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{-os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _load() -> None:
    """What each would have to load by itself; nothing that opens a connection, for connections cannot be forked."""
    from django.test import Client

    from recovery import watch
    from recovery.api.bodies import check_in_body, correction_body
    from recovery.clinical import protocol as protocols
    from tests.hold import broker

    version = protocols.get().version
    loaded = check_in_body(version), correction_body(version), watch.cycle, broker.TASKS
    assert all(loaded)
    assert Client(SERVER_NAME="localhost").get("/livez").status_code == 200


def _work(now: str, dies_at: int, **work: Any) -> None:
    from recovery import clock

    clock.now = clock.of_database = lambda: datetime.fromisoformat(now)
    _die_after(dies_at)
    match work:
        case {"task": name, "args": args}:
            _task(name)(*args)
        case {"watch": True}:
            from recovery import tenancy, watch

            with tenancy.every_clinic():
                watch.cycle(clock.now())
        case {"request": [method, path, body, token]}:
            _ask(method, path, body, token)


def _task(name: str) -> Callable[..., Any]:
    from tests.hold.broker import TASKS

    return TASKS[name]


def _ask(method: str, path: str, body: Any, token: str) -> None:
    from django.test import Client

    Client(SERVER_NAME="localhost").generic(
        method,
        path,
        json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )


def _die_after(statements: int) -> None:
    """Commits count, too: so it may be that all is stored and nobody was told."""
    import psycopg

    left = statements

    def deadly(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            nonlocal left
            result = original(*args, **options)
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return call

    psycopg.Cursor.execute = deadly(psycopg.Cursor.execute)  # type: ignore[method-assign]
    psycopg.Connection.commit = deadly(psycopg.Connection.commit)  # type: ignore[method-assign]


if __name__ == "__main__":
    _live()
