import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def wait_until(holds: Callable[[], object], within_s: float = 30.0, why: str = "it did not happen") -> None:
    """Asks again and again. The limit only ends a test that has failed already; it is no measurement."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, why
        time.sleep(0.02)


def lock_waits() -> int:
    """How many wait in our database for a lock that somebody has. Other workers' tests wait in theirs."""
    from django.db import connection

    with connection.cursor() as cursor:
        # Else a transaction sees who was there when it asked first.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE NOT granted AND datname = current_database()"
        )
        return int(cursor.fetchone()[0])


def behind(held: Callable[[], object], act: Callable[[], T]) -> T:
    """What `act` gives that begins, on a connection of its own, while what `held` did is not committed yet, and waits
    for it. Raises what `act` raises."""
    from django.db import connection, transaction

    def beside() -> T:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as other:
        with transaction.atomic():
            held()
            acting = other.submit(beside)
            wait_until(lock_waits)
        return acting.result(timeout=30)
