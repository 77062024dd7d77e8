"""`manage.py defects`: what the auditor has found, and accepting what nobody can mend any more."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recovery import clock
from recovery.auditor.accepting import DefectRefused, accept
from recovery.auditor.findings import KINDS
from recovery.models import Defect, User


class Command(BaseCommand):
    help = (
        "List what stands, by number, or accept one of it with a reason. That is remembered with your name."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--accept", type=int, metavar="NUMBER", help="ends its alarm")
        parser.add_argument("--because", default="", help="why it stays as it is")
        parser.add_argument("--by", default="", metavar="EMAIL", help="the operator who accepts it")

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
        operator = User.objects.filter(email__iexact=by).first()
        if operator is None:
            raise CommandError(f"Nobody signs in as {by or 'nobody'}. Say who you are: --by EMAIL.")
        try:
            accept(defect_id=number, because=because, by=operator, now=clock.now())
        except DefectRefused as refusal:
            raise CommandError(refusal.message) from None
