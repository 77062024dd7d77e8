"""Prepared statements for the few queries that run with every check-in.

They go over Django's own connection and inside its transactions, but by one psycopg cursor that is kept with the
connection: the server keeps the plan, parameters and results go in binary. The savings are told in
docs/adr/0006-one-writing-statement.md. Everything else uses the ORM.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections
from psycopg.types.numeric import Int8BinaryDumper

from recovery import tenancy
from recovery.tenancy import NOTHING, Reach

AS_IF_MANY = "CROSS JOIN string_to_table('1', ',') AS as_if_many"
"""Behind a table of which the first row by an index is asked for. A plan that was made while nothing waited reads all
that waits, and sorts it, for each that is taken. This is one row, and PostgreSQL takes it for a thousand: then it walks
the index."""

Parameters = Sequence[Any] | Mapping[str, Any]

_cursors: WeakKeyDictionary[psycopg.Connection[Any], psycopg.Cursor[tuple[Any, ...]]] = WeakKeyDictionary()


def fetch_all(statement: str, parameters: Parameters) -> list[tuple[Any, ...]]:
    """Every row. Raises Django's own database errors, as a query of the ORM would."""
    return _run(statement, parameters).fetchall()


def run(statement: str, parameters: Parameters) -> None:
    """One that gives no rows."""
    _run(statement, parameters)


@contextmanager
def narrowed(clinic_id: int) -> Iterator[None]:
    """After a statement that told the database itself that this clinic alone is in reach until the transaction ends."""
    connection = connections[DEFAULT_DB_ALIAS].connection
    connection.told = reach = tenancy.clinic(clinic_id)
    try:
        with tenancy.opened(reach):
            yield
    finally:
        connection.told = None


def _run(statement: str, parameters: Parameters, *, tells: bool = False) -> psycopg.Cursor[tuple[Any, ...]]:
    database = connections[DEFAULT_DB_ALIAS]
    database.validate_no_broken_transaction()
    database.close_if_health_check_failed()
    database.ensure_connection()
    if database.queries_logged:  # so that tests which count statements count these
        database.queries_log.append({"sql": statement, "time": "0"})
    with database.wrap_database_errors:
        if tells:
            database.connection.told = None
        else:
            database.connection.tell()
        cursor = _cursors.get(database.connection) or _cursor(database.connection)
        return cursor.execute(statement, parameters, prepare=True, binary=True)


def fetch_one(statement: str, parameters: Parameters) -> tuple[Any, ...] | None:
    rows = fetch_all(statement, parameters)
    return rows[0] if rows else None


def fetch_first(
    statement: str, parameters: Parameters, *, opens: Callable[[tuple[Any, ...]], Reach] | None = None
) -> tuple[Any, ...] | None:
    """`fetch_one` for what only reads and comes first in a request: its answer shows that the connection still lives,
    so that nothing asks for that beforehand. Where it was lost meanwhile, a new one is asked the same.

    With `opens` the statement itself tells the database whose rows may be reached from now on: what `opens` makes of
    the row, NOTHING when there is none.
    """
    database: Any = connections[DEFAULT_DB_ALIAS]  # its stubs know no checks of health
    is_known_to_live = database.connection is None or database.health_check_done or database.in_atomic_block
    database.health_check_done = True
    try:
        return _first(statement, parameters, opens)
    except (OperationalError, InterfaceError):
        if is_known_to_live or database.is_usable():
            raise
    database.close()
    return _first(statement, parameters, opens)


def _first(
    statement: str, parameters: Parameters, opens: Callable[[tuple[Any, ...]], Reach] | None
) -> tuple[Any, ...] | None:
    if opens is None:
        return fetch_one(statement, parameters)
    rows = _run(statement, parameters, tells=True).fetchall()
    tenancy.enter(opens(rows[0]) if rows else NOTHING)
    if not rows:
        return None
    connections[DEFAULT_DB_ALIAS].connection.told = tenancy.now()
    return rows[0]


def _cursor(connection: psycopg.Connection[Any]) -> psycopg.Cursor[tuple[Any, ...]]:
    """Every whole number is sent as bigint. By itself psycopg picks the narrowest type for each value, and a statement
    would be planned anew for each mixture of them."""
    cursor = _cursors[connection] = psycopg.Cursor(connection)
    cursor.adapters.register_dumper(int, Int8BinaryDumper)
    return cursor
