"""`manage.py reseal`: after a change of SECRET_KEY, everything that is sealed is sealed under the new key."""

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from recovery import sealing, second_factor
from recovery.models.sealed import MARK, SealedBytesField

BATCH = 500


class Column(NamedTuple):
    table: str
    key: str
    name: str
    in_bytes: bool
    """With a mark, rather than the sealed text alone."""


class Command(BaseCommand):
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
            in_bytes = isinstance(field, SealedBytesField)
            if in_bytes or field.name.startswith("sealed_"):
                key = model._meta.pk.attname
                yield Column(model._meta.db_table, key, field.attname, in_bytes)


def reseal(column: Column, *, database: str) -> tuple[int, int]:
    """How many were sealed anew, and how many cannot be read. Each row by itself, and only if it is as it was read."""
    names = {part: sql.Identifier(value) for part, value in zip(Column._fields, column[:3], strict=False)}
    read = sql.SQL(
        "SELECT {key}, {name} FROM {table} WHERE {key} > %s AND {name} <> %s ORDER BY {key} LIMIT %s"
    ).format(**names)
    write = sql.SQL("UPDATE {table} SET {name} = %s WHERE {key} = %s AND {name} = %s").format(**names)
    done, unreadable, last = 0, 0, 0
    with connections[database].cursor() as cursor:
        while rows := _next(cursor, read, last, column.in_bytes):
            for last, stored in rows:
                try:
                    anew = _anew(stored, column.in_bytes)
                except sealing.CannotUnseal:
                    unreadable += 1
                    continue
                cursor.execute(write, [anew, last, stored])
                done += cursor.rowcount
    return done, unreadable


def _next(cursor: CursorWrapper, read: sql.Composed, after: int, in_bytes: bool) -> list[Any]:
    cursor.execute(read, [after, b"" if in_bytes else "", BATCH])
    return list(cursor.fetchall())


def _anew(stored: Any, in_bytes: bool) -> bytes | str:
    """What was stored before there were seals is sealed now."""
    if not in_bytes:
        return sealing.sealed_anew(stored.encode()).decode()
    if not bytes(stored).startswith(MARK):
        return MARK + sealing.seal_bytes(bytes(stored))
    return MARK + sealing.sealed_anew(bytes(stored).removeprefix(MARK))
