from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.urls import reverse

from recovery import clock, staff
from recovery.errors import Refused
from recovery.management.every_clinic import ForEveryClinic


class Command(ForEveryClinic):
    help = (
        "For somebody who can sign in no more and whom no colleague can help: the only administrator of a team, an "
        "auditor, an operator. Their password and their second factor are gone at once, and they are signed out "
        "everywhere. Prints a link, which works once and for 72 hours: make sure who asks, and hand it over yourself."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="what the person signs in with")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        try:
            _, token = staff.renew_from_outside(email=email, now=clock.now())
        except Refused as refusal:
            raise CommandError(refusal.message) from None
        self.stdout.write(
            f"Shown this once: {settings.BASE_URL}{reverse('account_invitation', args=[token])}"
        )
