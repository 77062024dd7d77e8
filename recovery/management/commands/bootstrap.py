"""`manage.py bootstrap`: the first clinic of a real installation, its care team and its administrator."""

import getpass
import re
import secrets
import sys
from argparse import ArgumentParser, BooleanOptionalAction
from collections.abc import Callable
from typing import Any
from zoneinfo import available_timezones

from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.core.validators import validate_email
from django.db import transaction

from recovery import audit, clock
from recovery.management.every_clinic import ForEveryClinic
from recovery.models import CareTeam, Clinic, Membership, User
from recovery.models.clinic import HAS_DIGIT


def some_text(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty")
    return text.strip()


def time_zone(text: str) -> str:
    if text.strip() not in available_timezones():
        raise ValueError("write a name such as Europe/London")
    return text.strip()


def number(text: str) -> str:
    """Patients are told to call it."""
    if not re.search(HAS_DIGIT, text):
        raise ValueError("write a number that can be called")
    return text.strip()


def email(text: str) -> str:
    try:
        validate_email(text.strip())
    except ValidationError:
        raise ValueError("write an address such as dee@clinic.example") from None
    if User.objects.filter(email__iexact=text.strip()).exists():
        raise ValueError("this person has an account already; nothing was changed")
    return text.strip()


def yes_or_no(text: str) -> bool:
    if text.strip().lower() not in {"y", "yes", "n", "no"}:
        raise ValueError("write yes or no")
    return text.strip().lower().startswith("y")


QUESTIONS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "clinic": ("Name of the clinic", some_text),
    "time_zone": ("Its time zone, for example Europe/London", time_zone),
    "team_phone": ("Phone of the care team", number),
    "urgent_line": ("Number that answers when the team does not, nights included", number),
    "emergency_number": ("Emergency number, for example 999, 911 or 112", number),
    "crisis_line": ("Crisis line for a patient who writes of self-harm", number),
    "night_cover": ("Does somebody of the team answer at night? (yes or no)", yes_or_no),
    "team": ("Name of the care team", some_text),
    "admin_name": ("Name of the administrator", some_text),
    "admin_email": ("E-mail of the administrator, to sign in with", email),
}


class Command(ForEveryClinic):
    help = "Set up the first clinic, its care team and its administrator. Asks for what no option gives."

    def add_arguments(self, parser: ArgumentParser) -> None:
        for name, (question, _) in QUESTIONS.items():
            option = "--" + name.replace("_", "-")
            if name == "night_cover":
                parser.add_argument(option, action=BooleanOptionalAction, default=None, help=question)
            else:
                parser.add_argument(option, help=question)
        parser.add_argument(
            "--random-password",
            action="store_true",
            help="do not ask for a password: make one and print it once",
        )

    def handle(self, *args: Any, random_password: bool, **options: Any) -> None:
        given = {name: self._answer(name, options[name]) for name in QUESTIONS}
        password = None if random_password or not sys.stdin.isatty() else self._ask_password()
        made_up = password is None
        password = password or secrets.token_urlsafe(12)
        found(given, password)
        self.stdout.write(f"{given['clinic']} is set up. {given['admin_email']} can sign in.")
        if made_up:
            self.stdout.write(f"Password, shown this once: {password}")

    def _answer(self, name: str, value: Any) -> Any:
        """The option's value, or what is typed in; an option that will not do ends everything, before any change."""
        question, read = QUESTIONS[name]
        if isinstance(value, bool):
            return value
        if value is not None:
            try:
                return read(value)
            except ValueError as problem:
                raise CommandError(f"--{name.replace('_', '-')} {value}: {problem}.") from None
        if not sys.stdin.isatty():
            raise CommandError(
                f"Give --{name.replace('_', '-')} ({question}), or run this in a terminal to be asked."
            )
        while True:
            try:
                return read(input(f"{question}: "))
            except ValueError as problem:
                self.stdout.write(f"  {problem}")

    def _ask_password(self) -> str | None:
        while True:
            password = getpass.getpass("Password (nothing typed: a random one): ")
            if not password:
                return None
            try:
                validate_password(password)
            except ValidationError as problem:
                self.stdout.write("  " + " ".join(problem.messages or password_validators_help_texts()))
                continue
            if getpass.getpass("The same again: ") == password:
                return password
            self.stdout.write("  The two differ.")


@transaction.atomic
def found(given: dict[str, Any], password: str) -> User:
    """Clinic, team and administrator, all or none. Raises CommandError when the clinic is there already."""
    if Clinic.objects.filter(name__iexact=given["clinic"]).exists():
        raise CommandError(f"There is a clinic called {given['clinic']} already; nothing was changed.")
    numbers = {name: given[name] for name in ("team_phone", "urgent_line", "emergency_number", "crisis_line")}
    clinic = Clinic.objects.create(
        name=given["clinic"], time_zone=given["time_zone"], night_cover=given["night_cover"], **numbers
    )
    team = CareTeam.objects.create(clinic=clinic, name=given["team"])
    admin = User.objects.create_user(given["admin_email"], password, name=given["admin_name"])
    Membership.objects.create(user=admin, team=team, role=Membership.Role.ADMIN)
    audit.record(what="set up clinic", now=clock.now(), clinic=clinic, user=admin, subject=clinic)
    return admin
