"""`manage.py wall up`: row-level security, once the last program of the release before it has ended (ADR 31).

`down` before a former release, which knows of no such wall, is put back. As the owner of the tables.
"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import OperationalError, connections
from psycopg import sql

from recovery.migrations._walls import FENCE

TRIES = 10
_STANDS_ON = """
    SELECT c.relname, c.relrowsecurity FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
     WHERE p.polname = %s AND c.relnamespace = 'public'::regnamespace ORDER BY 1
"""


class Command(BaseCommand):
    help = "Put row-level security up, or take it down."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("way", choices=["up", "down"])

    def handle(self, *args: Any, way: str, **options: Any) -> None:
        with connections["owner"].cursor() as cursor:
            cursor.execute(_STANDS_ON, [FENCE])
            tables = cursor.fetchall()
        moved = [table for table, stands in tables if stands != (way == "up")]
        for table in moved:
            _turn(table, "ENABLE" if way == "up" else "DISABLE")
        self.stdout.write(f"The wall is {way} on {len(tables)} tables, {len(moved)} of them since now.")


def _turn(table: str, to: str) -> None:
    """Each by itself, for a blink. One that is held for longer keeps nobody waiting: it is tried again."""
    statement = sql.SQL("ALTER TABLE {} {} ROW LEVEL SECURITY").format(sql.Identifier(table), sql.SQL(to))
    for tries_left in reversed(range(TRIES)):
        try:
            with connections["owner"].cursor() as cursor:
                cursor.execute(statement)
            return
        except OperationalError:
            if not tries_left:
                raise
