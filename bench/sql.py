"""What reaches the database, counted and timed in the database's own log: nothing in between can hide a statement."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.stage import Stage
from services.provision import connect

_LOOK = re.compile(rb" ms  statement: (?:SELECT pg_catalog\.set_config\([^;]*; )?SELECT 1\n")
"""Whether the connection lives, and for which clinics it is (recovery/second_wall.py), in one message."""
_LINE = re.compile(rb" LOG:  duration: ([0-9.]+) ms  (statement|parse|bind|execute)")


@dataclass(frozen=True, slots=True)
class Statements:
    """`count` of those executed, BEGIN, COMMIT and looks whether the connection lives included; `looks` of those that
    only look; `ms` in the server."""

    count: int
    looks: int
    ms: float


@contextmanager
def logged(stage: Stage, *databases: str) -> Iterator[None]:
    """Connections made to these databases meanwhile write every statement into the log, for as long as they last."""
    setting = "log_min_duration_statement"
    with connect(stage.services.admin_url) as admin:
        for database in databases:
            admin.execute(f"ALTER DATABASE {database} SET {setting} = 0")
        try:
            yield
        finally:
            for database in databases:
                admin.execute(f"ALTER DATABASE {database} RESET {setting}")


def statements_of(stage: Stage, run: Callable[[], object]) -> Statements:
    """Of whatever is logged while this runs."""
    before = stage.log.stat().st_size
    run()
    with stage.log.open("rb") as log:
        log.seek(before)
        written = log.read()
    found = _LINE.findall(written)
    executed = [kind for _, kind in found if kind in {b"statement", b"execute"}]
    return Statements(len(executed), len(_LOOK.findall(written)), sum(float(ms) for ms, _ in found))
