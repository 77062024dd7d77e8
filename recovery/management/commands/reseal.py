"""`manage.py reseal`: what is to be sealed is sealed under the key of today: after a change of SECRET_KEY, and after an
update that seals what was not sealed before."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.apps import apps
from django.core.management.base import CommandError
from django.db import connections
from django.db.backends.utils import CursorWrapper
from django.db.models import JSONField
from psycopg import sql

from recovery import sealing, second_factor
from recovery.management.every_clinic import ForEveryClinic
from recovery.models.sealed import SealedField

BATCH = 500


class Column(NamedTuple):
    table: str
    key: str
    name: str
    kind: SealedField | None
    """None: the sealed text alone, made by whoever writes it."""


class Command(ForEveryClinic):
    help = (
        "Seal anew under SECRET_KEY what was sealed under a key of SECRET_KEY_FALLBACKS, or not at all. May be stopped "
        "and run again at any time, beside the service. Afterwards the old key can be taken from SECRET_KEY_FALLBACKS."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--database", default="owner", help="the owner's: the application may not rewrite history"
        )

    def handle(self, *args: Any, database: str, **options: Any) -> None:
        lost = 0
        for column in sealed_columns():
            done, unreadable = reseal(column, database=database)
            lost += unreadable
            self.stdout.write(
                f"{column.table}.{column.name}: {done} sealed anew, {unreadable} under a key that is missing"
            )
        done, unreadable = second_factor.seal_anew(database=database)
        lost += unreadable
        self.stdout.write(f"authenticator apps: {done} sealed anew, {unreadable} under a key that is missing")
        if lost:
            raise CommandError(
                f"{lost} were left as they are: name their key in SECRET_KEY_FALLBACKS and run it again."
            )


def sealed_columns() -> Iterator[Column]:
    """By what they are, so that no new one is forgotten."""
    for model in apps.get_app_config("recovery").get_models():
        for field in model._meta.concrete_fields:
            kind = field if isinstance(field, SealedField) else None
            if kind is not None or field.name.startswith("sealed_"):
                yield Column(model._meta.db_table, model._meta.pk.attname, field.attname, kind)


def reseal(column: Column, *, database: str) -> tuple[int, int]:
    """How many were sealed anew, and how many cannot be read. Each row by itself, and only if it is as it was read."""
    in_document = _is_document(column.kind)
    names: dict[str, sql.Composable] = {
        part: sql.Identifier(value) for part, value in zip(Column._fields, column[:3], strict=False)
    }
    names["read"] = sql.SQL("{name}::text" if in_document else "{name}").format(**names)
    names["value"] = sql.SQL("%s::jsonb" if in_document else "%s")
    read = sql.SQL(
        "SELECT {key}, {read} FROM {table} WHERE {key} > %s AND {name} <> {value} ORDER BY {key} LIMIT %s"
    ).format(**names)
    write = sql.SQL("UPDATE {table} SET {name} = {value} WHERE {key} = %s AND {name} = {value}").format(
        **names
    )
    empty = "" if column.kind is None else column.kind.stored_empty
    done, unreadable, last = 0, 0, 0
    with connections[database].cursor() as cursor:
        while rows := _next(cursor, read, last, empty):
            for last, stored in rows:
                try:
                    anew = _anew(stored, column.kind)
                except sealing.CannotUnseal:
                    unreadable += 1
                    continue
                if anew is not None:
                    cursor.execute(write, [anew, last, stored])
                    done += cursor.rowcount
    return done, unreadable


def _next(cursor: CursorWrapper, read: sql.Composed, after: int, empty: bytes | str) -> list[Any]:
    cursor.execute(read, [after, empty, BATCH])
    return list(cursor.fetchall())


def _anew(stored: Any, kind: SealedField | None) -> bytes | str | None:
    """What was stored before there were seals is sealed now. None: there is nothing in it to seal."""
    if kind is None:
        return sealing.sealed_anew(stored.encode()).decode()
    if not _is_document(kind):
        anew: bytes | str = kind.anew(stored)
        return anew
    document = json.loads(stored)
    sealed = kind.anew(document)
    return None if sealed == document else json.dumps(sealed)


def _is_document(kind: SealedField | None) -> bool:
    return isinstance(kind, JSONField)
