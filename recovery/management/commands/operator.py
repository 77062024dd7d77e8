"""`manage.py operator`: somebody who looks after the service itself, and sees no patient."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.core.validators import validate_email
from django.urls import reverse

from recovery import clock, enrolment, staff
from recovery.errors import Refused
from recovery.management.every_clinic import ForEveryClinic


class Command(ForEveryClinic):
    help = (
        "Invite an operator of the service. Prints a link, which works once and for 72 hours: hand it over yourself. "
        "With --end whoever was one is none from now on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="what the person will sign in with")
        parser.add_argument("name", nargs="?", default="", help="of whoever is invited")
        parser.add_argument("--end", action="store_true", help="let them go")

    def handle(self, *args: Any, email: str, name: str, end: bool = False, **options: Any) -> None:
        try:
            if end:
                self._end(email)
            else:
                self._invite(email, name)
        except Refused as refusal:
            raise CommandError(refusal.message) from None

    def _end(self, email: str) -> None:
        staff.end_operator(email=email, now=clock.now())
        self.stdout.write(f"{email} operates the service no more.")

    def _invite(self, email: str, name: str) -> None:
        try:
            validate_email(email)
        except ValidationError:
            raise CommandError(f"{email} is no e-mail address.") from None
        try:
            name = enrolment.name_of(name)
        except ValueError as problem:
            raise CommandError(f"The name behind the address: {problem}") from None
        _, token = staff.invite_operator(email=email, name=name, now=clock.now())
        self.stdout.write(
            f"Shown this once: {settings.BASE_URL}{reverse('account_invitation', args=[token])}"
        )
