"""`manage.py defects`: what the auditor has found, and accepting what nobody can mend any more."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from recovery import clock
from recovery.auditor.accepting import DefectRefused, accept
from recovery.auditor.findings import KINDS
from recovery.management import oneself
from recovery.management.every_clinic import ForEveryClinic
from recovery.models import Defect


class Command(ForEveryClinic):
    help = (
        "List what stands, by number, or accept one of it with a reason. That is remembered with your name."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--accept", type=int, metavar="NUMBER", help="ends its alarm")
        parser.add_argument("--because", default="", help="why it stays as it is")
        parser.add_argument(
            "--by", default="", metavar="EMAIL", help="what the operator signs in with who accepts it"
        )

    def handle(
        self, *args: Any, accept: int | None = None, because: str = "", by: str = "", **options: Any
    ) -> None:
        if accept is not None:
            self._accept(accept, because, by)
        for defect in Defect.objects.filter(gone_at=None).select_related("accepted_by").order_by("pk"):
            words = f"{defect.pk:>6}  {defect.kind} at {defect.place} {defect.detail}".rstrip()
            self.stdout.write(
                f"{words}: {KINDS.get(defect.kind, defect.kind)}, since {defect.found_at:%F %R} UTC"
            )
            if defect.accepted_at and defect.accepted_by:
                who, day = defect.accepted_by.name, f"{defect.accepted_at:%F}"
                self.stdout.write(f"        accepted by {who} on {day}: {defect.accepted_because}")

    def _accept(self, number: int, because: str, by: str) -> None:
        if not by:
            raise CommandError("Say who you are: --by EMAIL.")
        operator = oneself.proved(by, command="defects")
        try:
            accept(defect_id=number, because=because, by=operator, now=clock.now())
        except DefectRefused as refusal:
            raise CommandError(refusal.message) from None
