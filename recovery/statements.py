"""Prepared statements for the few queries that run with every check-in.

They go over Django's own connection and inside its transactions, but by psycopg's plain cursor: the server keeps the
plan, and results come in binary. That halves the cost of signing a phone in, reading its history and writing its
report (docs/adr/0006-one-writing-statement.md). Everything else uses the ORM.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import connection

Parameters = Sequence[Any] | Mapping[str, Any]


def fetch_all(statement: str, parameters: Parameters) -> list[tuple[Any, ...]]:
    """Every row. Raises Django's own database errors, as a query of the ORM would."""
    connection.validate_no_broken_transaction()
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    if connection.queries_logged:  # so that tests which count statements count these
        connection.queries_log.append({"sql": statement, "time": "0"})
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        return cursor.execute(statement, parameters, prepare=True, binary=True).fetchall()


def fetch_one(statement: str, parameters: Parameters) -> tuple[Any, ...] | None:
    rows = fetch_all(statement, parameters)
    return rows[0] if rows else None
