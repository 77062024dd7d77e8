"""The whole system on this machine, with a story in it (docs/demo.md)."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from demo.running import CannotRun, Wishes, run


class Command(BaseCommand):
    help = "Run the whole system here, with a story in it, until Ctrl-C."
    requires_system_checks = []  # its processes check what they need

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=os.environ.get("PORT") or 8000, help="or PORT (8000)")
        parser.add_argument(
            "--seed", type=int, default=1, help="for a fresh start: another seed, other lives (1)"
        )
        parser.add_argument("--days", type=int, default=43, help="how far back the story begins (43)")
        parser.add_argument("--patients", type=int, help="at most so many")
        parser.add_argument(
            "--var", type=Path, default=settings.BASE_DIR / "var", help="where everything is kept"
        )

    def handle(self, *args: Any, port: int, seed: int, days: int, var: Path, **options: Any) -> None:
        if not 1 <= port <= 65_535:
            raise CommandError(f"The port is {port}: choose one from 1024 to 65535.")
        wishes = Wishes(var=var, port=port, seed=seed, days=days, patients=options["patients"])
        try:
            status = run(wishes)
        except CannotRun as problem:
            raise CommandError(str(problem)) from None
        if status:
            raise SystemExit(status)
