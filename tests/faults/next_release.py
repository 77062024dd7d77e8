"""The release after this one, as far as running processes can see it: its code lies elsewhere, and its migration adds
what a release may add while the one before still runs.

That is an index, which takes long, a column that the database fills, and a constraint that old rows are held to
later."""

import shutil
from pathlib import Path

from services.children import ROOT
from tests.system import System

MIGRATION = '''
"""Added while the release before runs: nothing here holds a lock for longer than a blink."""

from django.db import migrations

SQL = migrations.RunSQL


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("recovery", "{after}")]
    operations = [
        SQL("ALTER TABLE recovery_notification ADD COLUMN IF NOT EXISTS release text DEFAULT 'next'",
            "ALTER TABLE recovery_notification DROP COLUMN IF EXISTS release"),
        SQL("ALTER TABLE recovery_checkin ADD COLUMN IF NOT EXISTS release text",
            "ALTER TABLE recovery_checkin DROP COLUMN IF EXISTS release"),
        SQL("ALTER TABLE recovery_checkin DROP CONSTRAINT IF EXISTS release_named", ""),
        SQL("ALTER TABLE recovery_checkin ADD CONSTRAINT release_named CHECK (release <> '') NOT VALID",
            "ALTER TABLE recovery_checkin DROP CONSTRAINT IF EXISTS release_named"),
        SQL("ALTER TABLE recovery_checkin VALIDATE CONSTRAINT release_named", ""),
        SQL("DROP INDEX CONCURRENTLY IF EXISTS checkin_release", ""),
        SQL("CREATE INDEX CONCURRENTLY checkin_release ON recovery_checkin (release, received_at)",
            "DROP INDEX CONCURRENTLY IF EXISTS checkin_release"),
    ]
'''

NAME = "9999_next_release"


class NextRelease:
    """Beside the system that it is for."""

    def __init__(self, system: System) -> None:
        self._system = system
        self.tree = system.directory / "next"
        shutil.rmtree(self.tree, ignore_errors=True)
        for part in ("config", "recovery"):
            shutil.copytree(ROOT / part, self.tree / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "manage.py", self.tree)
        migrations = self.tree / "recovery" / "migrations"
        self._last = max(path.stem for path in migrations.glob("[0-9]*.py"))
        (migrations / f"{NAME}.py").write_text(MIGRATION.format(after=self._last))

    def migrate(self) -> None:
        self._migrate(NAME)

    def migrate_back(self) -> None:
        self._migrate(self._last)

    def roll_out(self, *names: str) -> None:
        """One after the other: asked to stop, waited for, started from its tree."""
        self._roll(self.tree, *names)

    def roll_back(self, *names: str) -> None:
        self._roll(ROOT, *names)

    def _roll(self, tree: Path, *names: str) -> None:
        self._system.tree = tree
        self._system.restart(*names)

    def _migrate(self, to: str) -> None:
        usual, self._system.tree = self._system.tree, self.tree
        try:
            self._system.manage(
                "migrate", "recovery", to, "--database=owner", "--verbosity=0", "--skip-checks"
            )
        finally:
            self._system.tree = usual
