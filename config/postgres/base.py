"""Connections that give a silent server up, and that tell the server whose rows may be reached.

The server's own time-outs (statement_timeout, lock_timeout) end what takes too long, as long as the server runs. One
that is frozen, or gone behind a line that still looks open, ends nothing, and neither keep-alives nor tcp_user_timeout
help while its kernel answers for it. So each wait has an end on our side as well: the connection is given up, and for a
moment none is asked for, so that whoever comes next is told at once (docs/adr/0011-a-database-that-is-silent.md).

Whose rows (recovery/tenancy.py) goes before the next statement, in the same message, whenever the server does not know
it yet. What it was told inside a transaction it forgets when that is rolled back; so do we.
(docs/adr/0031-the-second-wall.md)
"""

import re
from collections.abc import Iterable
from types import ModuleType
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

import psycopg
from django.conf import settings
from django.db.backends.postgresql import base
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.sql import Composable

from recovery import tenancy
from recovery.breaker import Breaker

MARGIN_S = 3.0
"""By how much we outwait the server's own time-outs, which say better what was the matter."""

REST_S = 2.0

Result = TypeVar("Result")

if TYPE_CHECKING:  # Django's stubs do not say what it is made of
    DjangosCursor = psycopg.ClientCursor[Any]
else:
    DjangosCursor = base.Cursor

breaker = Breaker(failures=1, seconds=REST_S)


TELL = f"SELECT pg_catalog.set_config('{tenancy.SETTING}', %s, false)"

_CONTROLS = re.compile(r"\s*(SET|SAVEPOINT|RELEASE|ROLLBACK)\s", re.IGNORECASE)
"""Statements that reach no row, and of which some must be the first of their transaction."""


class Connection(psycopg.Connection[Any]):
    told: tenancy.Reach | None = None
    """Whose rows the server knows that it may show; None: it has to be told."""

    def wait(self, gen: PQGen[Result], interval: float = 0.1, timeout: float | None = None) -> Result:
        try:
            return super().wait(gen, interval, timeout or longest_wait_s())
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:  # still no answer
                self.pgconn.finish()
                breaker.failed()
            raise

    def tell(self) -> None:
        """In a message of its own, if it has to be."""
        if self.told != (reach := tenancy.now()):
            self.told = None
            with psycopg.Cursor(self) as cursor:
                cursor.execute(TELL % reach.sql, prepare=False)
            self.told = reach

    def rollback(self) -> None:
        self.told = None
        super().rollback()

    def commit(self) -> None:
        if self.pgconn.transaction_status == TransactionStatus.INERROR:  # the server makes a rollback of it
            self.told = None
        try:
            super().commit()
        except psycopg.Error:
            self.told = None
            raise


class Cursor(DjangosCursor):
    """Django's, which puts parameters into the statement: so another can go before it, in one message."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        connection, reach = cast(Connection, self.connection), tenancy.now()
        text = query.as_string(connection) if isinstance(query, Composable) else query
        if control := _CONTROLS.match(text):
            if control[1].upper() == "ROLLBACK":
                connection.told = None
        elif connection.told != reach:
            connection.told = None
            super().execute(f"{TELL % reach.sql}; {text}", params, **options)
            self.nextset()
            connection.told = reach
            return self
        return super().execute(query, params, **options)

    def executemany(self, query: Any, params_seq: Iterable[Any], **options: Any) -> None:
        cast(Connection, self.connection).tell()
        super().executemany(query, params_seq, **options)


class Driver(ModuleType):
    """psycopg, but for the connections it makes."""

    def __getattr__(self, name: str) -> Any:
        return getattr(psycopg, name)

    @staticmethod
    def connect(**parameters: Any) -> Connection:
        if not breaker.allows():
            raise psycopg.OperationalError("PostgreSQL did not answer a moment ago; it is asked again soon")
        try:
            connection = Connection.connect(**parameters)
        except psycopg.errors.ConnectionTimeout:
            breaker.failed()
            raise
        breaker.succeeded()
        return connection


class DatabaseWrapper(base.DatabaseWrapper):
    Database = Driver("psycopg")

    def get_connection_params(self) -> dict[str, Any]:
        return super().get_connection_params() | {"cursor_factory": Cursor}


def longest_wait_s() -> float:
    return settings.STATEMENT_TIMEOUT_MS / 1000 + MARGIN_S
