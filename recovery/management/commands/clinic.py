"""`manage.py clinic NAME --names-staff`: what a clinic wants its patients to know."""

from argparse import ArgumentParser, BooleanOptionalAction
from typing import Any

from django.core.management.base import CommandError
from django.db import transaction

from recovery import audit, clock
from recovery.management.every_clinic import ForEveryClinic
from recovery.models import Clinic


class Command(ForEveryClinic):
    help = "Say whether patients of a clinic read the name of who has seen their report, or the role alone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="Name of the clinic")
        parser.add_argument(
            "--names-staff",
            action=BooleanOptionalAction,
            required=True,
            help="patients read the name beside the role (not without the consent of those who work there)",
        )

    @transaction.atomic
    def handle(self, *args: Any, name: str, names_staff: bool, **options: Any) -> None:
        clinic = Clinic.objects.select_for_update().filter(name__iexact=name).first()
        if clinic is None:
            raise CommandError(f"There is no clinic called {name}; nothing was changed.")
        if clinic.names_staff != names_staff:
            Clinic.objects.filter(pk=clinic.pk).update(names_staff=names_staff)
            audit.record(
                what="changed clinic", now=clock.now(), clinic=clinic, subject=clinic, names_staff=names_staff
            )
        told = "the name and the role" if names_staff else "the role alone"
        self.stdout.write(f"Patients of {clinic.name} read {told} of who has seen their report.")
