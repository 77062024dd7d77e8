"""Whether this process can take check-ins: its database is there, answers in time, and is migrated."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import redis
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

PATIENCE_S = 0.5
BROKER_PATIENCE_S = 0.3


@dataclass(frozen=True, slots=True)
class Readiness:
    database: str
    migrations: str
    broker: str

    @property
    def ready(self) -> bool:
        return self.database == self.migrations == "ok"

    @property
    def status(self) -> str:
        if not self.ready:
            return "unready"
        return "ok" if self.broker == "ok" else "degraded"

    def document(self) -> dict[str, str]:
        return {
            "status": self.status,
            "database": self.database,
            "migrations": self.migrations,
            "broker": self.broker,
        }


class _Asker:
    """Asks the database in a thread of its own: the socket of a frozen server stays open, and no time-out of the
    connection ends the wait. While one question hangs no other is asked, so probes do not pile up."""

    def __init__(self) -> None:
        self.thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="readiness")
        self.asked: Future[bool] | None = None

    def is_migrated(self) -> bool | None:
        """None when there is no answer in time. Reading the migrations' files, at the first question of a process, is
        none of the database's time."""
        on_disk = _migrations_on_disk()
        if self.asked is None or self.asked.done():
            self.asked = self.thread.submit(_is_migrated, on_disk)
        try:
            return self.asked.result(timeout=PATIENCE_S)
        except Exception:
            return None


_asker = _Asker()


def look() -> Readiness:
    migrated = _asker.is_migrated()
    return Readiness(
        database="unreachable" if migrated is None else "ok",
        migrations="unknown" if migrated is None else "ok" if migrated else "pending",
        broker=_broker(),
    )


def _is_migrated(on_disk: frozenset[tuple[str, str]]) -> bool:
    try:
        return on_disk <= set(MigrationRecorder(connection).applied_migrations())
    finally:
        connection.close()


@cache
def _migrations_on_disk() -> frozenset[tuple[str, str]]:
    loader = MigrationLoader(None)
    return frozenset(loader.disk_migrations or {})


def _broker() -> str:
    client = redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=BROKER_PATIENCE_S, socket_connect_timeout=BROKER_PATIENCE_S
    )
    try:
        client.ping()
    except redis.RedisError:
        return "unreachable"
    finally:
        client.close()
    return "ok"
