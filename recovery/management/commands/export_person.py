"""`manage.py export_person`: everything that the service holds about one patient, in a file."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError
from django.template.loader import render_to_string

from recovery import clock, persons
from recovery.management.every_clinic import ForEveryClinic

WHOSE = "Name the person in one way: --uuid, or --clinic with --number. Nothing was exported."


class Command(ForEveryClinic):
    help = (
        "Write everything that the service holds about one patient into a new file, which nobody else may read. That "
        "it was done is remembered. Hand it to nobody but whoever the clinic has identified."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--uuid", type=UUID, help="of the patient")
        parser.add_argument("--clinic", default="", help="Name of the clinic")
        parser.add_argument("--number", default="", help="Hospital number within that clinic")
        parser.add_argument("--to", type=Path, required=True, help="the file; must not be there yet")
        parser.add_argument("--html", action="store_true", help="a page to read, instead of JSON")

    def handle(
        self,
        *args: Any,
        uuid: UUID | None = None,
        clinic: str = "",
        number: str = "",
        to: Path,
        html: bool = False,
        **options: Any,
    ) -> None:
        by_number = bool(clinic or number)
        if by_number == (uuid is not None) or (by_number and not (clinic and number)):
            raise CommandError(WHOSE)
        try:
            person = persons.find(uuid=uuid, clinic=clinic, hospital_number=number)
        except persons.NoSuchPerson as refused:
            raise CommandError(refused.message) from None
        try:
            file = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise CommandError(f"{to} cannot be written: {error.strerror}. Nothing was exported.") from None
        try:
            with open(file, "w", encoding="utf-8") as out:
                document = persons.export(person, by=None, now=clock.now())
                page = render_to_string("dashboard/exported.html", {"document": persons.readable(document)})
                out.write(page if html else persons.as_json(document))
        except BaseException:
            to.unlink()  # half of it, or nothing, would be taken for all
            raise
        self.stdout.write(f"Written to {to}. It is in the audit.")
