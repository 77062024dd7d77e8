"""`manage.py erased`: who was erased, by numbers that say nothing; kept beside the backups, and done again after a
restore to a time before it."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError
from django.db import connections, transaction

from recovery import audit, clock
from recovery.management.every_clinic import ForEveryClinic
from recovery.models import Erasure, Patient

SCOPES = Erasure.Scope.values


class Command(ForEveryClinic):
    help = (
        "List who was erased: the public id of each and what was erased, a line for each. Keep the list beside your "
        "backups. With --again FILE everybody of such a list is erased once more: after a restore, before anybody "
        "signs in."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--again", type=Path, metavar="FILE", help="a list that was kept")
        parser.add_argument(
            "--database", default="owner", help="the owner's: the application may not erase by itself"
        )

    def handle(self, *args: Any, again: Path | None = None, database: str, **options: Any) -> None:
        if again is None:
            rows = Erasure.objects.exclude(done_at=None).order_by("pk").values_list("patient__uuid", "scope")
            for uuid, scope in rows:
                self.stdout.write(f"{uuid} {scope}")
            return
        listed = [_entry(number, line) for number, line in enumerate(_lines(again), 1) if line.strip()]
        done = sum(_erase_again(uuid, scope, database) for uuid, scope in listed)
        self.stdout.write(f"{done} of {len(listed)} were there and are erased; the others were not there.")


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}. Nothing was erased.") from None
    except UnicodeDecodeError:
        raise CommandError(f"{file} is none of such a list: it is not UTF-8. Nothing was erased.") from None


def _entry(number: int, line: str) -> tuple[UUID, str]:
    try:
        uuid, scope = line.split()
        if scope not in SCOPES:
            raise ValueError(scope)
        return UUID(uuid), scope
    except ValueError:
        raise CommandError(f"Line {number} is none of such a list. Nothing was erased.") from None


def _erase_again(uuid: UUID, scope: str, database: str) -> bool:
    """Whatever has come since: a duty to keep it was looked at when it was erased first."""
    person = Patient.objects.filter(uuid=uuid).first()
    if person is None:
        return False
    with transaction.atomic(using=database), connections[database].cursor() as cursor:
        cursor.execute("SELECT recovery_remove_person(%s, %s)", [person.pk, scope == Erasure.Scope.ALL])
    audit.record(
        what="erased person again", now=clock.now(), clinic=person.clinic_id, subject=person, scope=scope
    )
    return True
