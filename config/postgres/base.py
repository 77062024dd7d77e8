"""Connections that give a silent server up.

The server's own time-outs (statement_timeout, lock_timeout) end what takes too long, as long as the server runs. One
that is frozen, or gone behind a line that still looks open, ends nothing, and neither keep-alives nor tcp_user_timeout
help while its kernel answers for it. So each wait has an end on our side as well: the connection is given up, and for a
moment none is asked for, so that whoever comes next is told at once (docs/adr/0011-a-database-that-is-silent.md).
"""

from types import ModuleType
from typing import Any, TypeVar

import psycopg
from django.conf import settings
from django.db.backends.postgresql import base
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus

from recovery.breaker import Breaker

MARGIN_S = 3.0
"""By how much we outwait the server's own time-outs, which say better what was the matter."""

REST_S = 2.0

Result = TypeVar("Result")

breaker = Breaker(failures=1, seconds=REST_S)


class Connection(psycopg.Connection[Any]):
    def wait(self, gen: PQGen[Result], interval: float = 0.1, timeout: float | None = None) -> Result:
        try:
            return super().wait(gen, interval, timeout or longest_wait_s())
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:  # still no answer
                self.pgconn.finish()
                breaker.failed()
            raise


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


def longest_wait_s() -> float:
    return settings.STATEMENT_TIMEOUT_MS / 1000 + MARGIN_S
