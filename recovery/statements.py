"""Prepared statements for the few queries that run with every check-in.

They go over Django's own connection and inside its transactions, but by one psycopg cursor that is kept with the
connection: the server keeps the plan, parameters and results go in binary. The savings are told in
docs/adr/0006-one-writing-statement.md. Everything else uses the ORM.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg.types.numeric import Int8BinaryDumper

Parameters = Sequence[Any] | Mapping[str, Any]

_cursors: WeakKeyDictionary[psycopg.Connection[Any], psycopg.Cursor[tuple[Any, ...]]] = WeakKeyDictionary()


def fetch_all(statement: str, parameters: Parameters) -> list[tuple[Any, ...]]:
    """Every row. Raises Django's own database errors, as a query of the ORM would."""
    database = connections[DEFAULT_DB_ALIAS]
    database.validate_no_broken_transaction()
    database.close_if_health_check_failed()
    database.ensure_connection()
    if database.queries_logged:  # so that tests which count statements count these
        database.queries_log.append({"sql": statement, "time": "0"})
    with database.wrap_database_errors:
        cursor = _cursors.get(database.connection) or _cursor(database.connection)
        return cursor.execute(statement, parameters, prepare=True, binary=True).fetchall()


def fetch_one(statement: str, parameters: Parameters) -> tuple[Any, ...] | None:
    rows = fetch_all(statement, parameters)
    return rows[0] if rows else None


def _cursor(connection: psycopg.Connection[Any]) -> psycopg.Cursor[tuple[Any, ...]]:
    """Every whole number is sent as bigint. By itself psycopg picks the narrowest type for each value, and a statement
    would be planned anew for each mixture of them."""
    cursor = _cursors[connection] = psycopg.Cursor(connection)
    cursor.adapters.register_dumper(int, Int8BinaryDumper)
    return cursor
