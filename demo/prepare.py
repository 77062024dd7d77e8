"""Before anything else runs: the tables, and the clock at the instant where the story goes on.

As a script: `python -m demo.prepare <clock file> <days>`, as the owner of the tables (DATABASE_OWNER_URL).
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import django


def main(clock_file: Path, days: int) -> None:
    django.setup()
    from demo import clock, memory

    _migrate()
    clock.make(clock_file, starts_at=starts_at(memory.latest_instant(), days))


def starts_at(latest: datetime | None, days: int) -> datetime:
    """The first time some days back, later where the story was left; after a long rest, those days back again."""
    first = datetime.now(UTC).replace(hour=5, minute=0, second=0, microsecond=0) - timedelta(days=days)
    return max(latest, first) if latest else first


def _migrate() -> None:
    from django.core.management import call_command
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connections["owner"])
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        print("making the tables", flush=True)  # noqa: T201
        call_command("migrate", database="owner", verbosity=0, interactive=False, skip_checks=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
