"""Before anything else runs: the tables, and the clock at the instant where the story goes on.

As a script: `python -m demo.prepare <clock file> <stamp file> <days>`, as the owner of the tables
(DATABASE_OWNER_URL). When nothing changed since the last time, Django is not loaded: the first page waits for this.
"""

import hashlib
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from demo import clock
from services.children import ROOT

LATEST = """
    SELECT greatest((SELECT max(received_at) FROM recovery_checkin), (SELECT max(judged_at) FROM recovery_assessment),
                    (SELECT max(at) FROM recovery_alertevent), (SELECT max(at) FROM recovery_auditevent),
                    (SELECT max(created_at) FROM recovery_devicetoken))
"""
"""The latest that ever happened, by the demo's clock."""


def main(clock_file: Path, stamp: Path, days: int) -> None:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as database:
        made_of = f"{database.info.host} {database.info.port} {database.info.dbname} {_schema()}"
        has_tables = database.execute("SELECT to_regclass('recovery_episode')").fetchone() != (None,)
        if not has_tables or not stamp.exists() or stamp.read_text() != made_of:
            stamp.unlink(missing_ok=True)
            _migrate()
            stamp.write_text(made_of)
        row = database.execute(LATEST).fetchone()
    clock.make(clock_file, starts_at=starts_at(row[0] if row else None, days))


def starts_at(latest: datetime | None, days: int) -> datetime:
    """The first time some days back, later where the story was left; after a long rest, those days back again."""
    first = datetime.now(UTC).replace(hour=5, minute=0, second=0, microsecond=0) - timedelta(days=days)
    return max(latest, first) if latest else first


def _schema() -> str:
    """What the tables follow from: our migrations, and those of the packages in the lock file."""
    sources = [ROOT / "requirements.txt", *sorted((ROOT / "recovery" / "migrations").glob("*.py"))]
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


def _migrate() -> None:
    import django
    from django.core.management import call_command

    print("making the tables", flush=True)  # noqa: T201
    django.setup()
    call_command("migrate", database="owner", verbosity=0, interactive=False, skip_checks=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
