"""`manage.py operator`: somebody who looks after the service itself, and sees no patient."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.urls import reverse

from recovery import clock, staff
from recovery.errors import Refused


class Command(BaseCommand):
    help = "Invite an operator of the service. Prints a link, which works once and for 72 hours: hand it over yourself."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="what the person will sign in with")
        parser.add_argument("name")

    def handle(self, *args: Any, email: str, name: str, **options: Any) -> None:
        try:
            validate_email(email)
            _, token = staff.invite_operator(email=email, name=name.strip(), now=clock.now())
        except ValidationError:
            raise CommandError(f"{email} is no e-mail address.") from None
        except Refused as refusal:
            raise CommandError(refusal.message) from None
        self.stdout.write(
            f"Shown this once: {settings.BASE_URL}{reverse('account_invitation', args=[token])}"
        )
