"""A row that kills whoever comes to flag it: as one that takes all memory would, or that runs into a fault of C code.

The row makes them wait in the database; there they are found by their connection, and killed by their recorded pid.
"""

import os
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from signal import SIGKILL
from threading import Event, Thread

import psycopg
from django.db import connection, transaction

from recovery import clock
from recovery.models import Alert, Assessment
from tests.databases import EVERY_CLINIC
from tests.faults.scene import Patient
from tests.system import System

PROGRAMS = ("worker", "watch", "watch-2")

WAITING_FOR = "SELECT client_port FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"


@contextmanager
def deadly(system: System, patient: Patient) -> Generator[list[str]]:
    """While the block lasts, whoever flags this patient's second report dies of it. Who did, in order.

    They wait for an alert of the same rule that is about to be opened here, and never is. It names the first report,
    for what it names is locked, and would not be tried at all.
    """
    deaths: list[str] = []
    over = Event()
    with system.django(), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT pg_backend_pid()")
            [ours] = cursor.fetchone()
        of_patient = Assessment.objects.filter(episode=patient.episode_id).select_related("episode")
        _open_alert(*of_patient.order_by("pk"))
        thread = Thread(target=_kill_all_who_wait, args=(system, ours, deaths, over))
        thread.start()
        try:
            yield deaths
        finally:
            over.set()
            thread.join()
            transaction.set_rollback(True)


def _open_alert(first: Assessment, report: Assessment) -> None:
    now = clock.now()
    assert report.tier is not None
    Alert.objects.create(
        clinic_id=report.clinic_id,
        team_id=report.episode.team_id,
        episode=report.episode,
        rule=report.findings[0]["rule"],
        tier=report.tier,
        opened_at=now,
        tier_at=now,
        changed_at=now,
        first_assessment=first,
        latest_assessment=first,
    )


def _kill_all_who_wait(system: System, holder: int, deaths: list[str], over: Event) -> None:
    with psycopg.connect(system.database_url, options=EVERY_CLINIC, autocommit=True) as database:
        while not over.is_set():
            for (port,) in database.execute(WAITING_FOR, [holder]).fetchall():
                for name, pid in _processes(system):
                    if _has_connection(pid, port):
                        with suppress(ProcessLookupError):
                            os.kill(pid, SIGKILL)
                        deaths.append(name)
                        _wait_until_gone(database, port, over)
            over.wait(0.02)


def _wait_until_gone(database: psycopg.Connection, port: int, over: Event) -> None:
    """PostgreSQL needs a moment to see that its client is dead."""
    gone = "SELECT 1 FROM pg_stat_activity WHERE client_port = %s"
    while database.execute(gone, [port]).fetchone() and not over.is_set():
        time.sleep(0.02)


def _processes(system: System) -> list[tuple[str, int]]:
    running = [name for name in PROGRAMS if system.is_running(name)]
    return [(name, pid) for name in running for pid in (*system.children(name), system.pid(name))]


def _has_connection(pid: int, port: int) -> bool:
    inodes = {
        f"socket:[{fields[9]}]"
        for fields in map(str.split, Path("/proc/net/tcp").read_text().splitlines()[1:])
        if int(fields[1].rpartition(":")[2], 16) == port
    }
    with suppress(OSError):  # it ended meanwhile
        return any(os.readlink(each) in inodes for each in Path(f"/proc/{pid}/fd").iterdir())
    return False
