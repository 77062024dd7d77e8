"""`manage.py retention`: for how long what is kept, and how old the oldest of it is."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from recovery import clock, retention
from recovery.errors import Refused
from recovery.management.every_clinic import ForEveryClinic
from recovery.models import Clinic


class Command(ForEveryClinic):
    help = (
        "Say for how long what is kept, and how old the oldest is; or for how long a clinic keeps one kind."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--clinic", default="", help="Name of the clinic")
        parser.add_argument(
            "--keep", nargs=2, metavar=("KIND", "DAYS"), help="what it keeps, and for how long"
        )

    def handle(self, *args: Any, clinic: str, keep: list[str] | None, **options: Any) -> None:
        if keep:
            self._keep(clinic, *keep)
        for row in retention.kept():
            differs = "".join(f", {name}: {days}" for name, days in row.rules.items())
            oldest = f"{row.oldest_at:%Y-%m-%d}" if row.oldest_at else "none"
            self.stdout.write(
                f"{row.kind.name}: {row.kind.days} days{differs}; oldest kept: {oldest}; let go so far: {row.gone}"
            )

    def _keep(self, clinic: str, kind: str, days: str) -> None:
        found = Clinic.objects.filter(name__iexact=clinic).first()
        if found is None:
            raise CommandError(f"There is no clinic called {clinic}; nothing was changed.")
        try:
            retention.keep_for(clinic=found, kind=kind, days=int(days), now=clock.now())
        except ValueError:
            raise CommandError("DAYS is a number.") from None
        except Refused as refusal:
            raise CommandError(refusal.message) from None
