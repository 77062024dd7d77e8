"""A web process that dies has promised nothing it did not keep: the phone sends again, and the watch finds the rest."""

from functools import partial
from threading import Thread

import psycopg
import pytest

from tests.databases import EVERY_CLINIC
from tests.faults import mishaps
from tests.faults.aftermath import assert_invariants
from tests.faults.mishaps import some_time
from tests.faults.phones import NO_ANSWER, RED_FLAG, Phones, Report
from tests.faults.scale import times
from tests.faults.scene import Scene
from tests.system import System
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

WEB_PROCESSES = 2


def test_f13_killed_between_the_commit_and_the_nudge_the_team_is_told_by_the_watch(system: System):
    """A frozen broker holds a nudge up for half a second, in which all web processes are killed."""
    phones = Phones(Scene.of(system, patients=times(3, 100)))
    cut_short = 0
    with (
        system.frozen("valkey"),
        psycopg.connect(system.database_url, options=EVERY_CLINIC, autocommit=True) as database,
    ):
        for patient in phones.scene.patients:
            report = phones.report(patient, RED_FLAG)
            sending = Thread(target=phones.send, args=[report])
            sending.start()
            wait_until(partial(is_stored, database, report))
            mishaps.kill_all(system.children("web"))
            sending.join()
            cut_short += report.answers == [NO_ANSWER]
            wait_until(partial(is_back, system), within_s=60)
            phones.send_until_taken(report)
        phones.scene.wait_until_quiet()
        assert phones.scene.roads() == ({"watch"}, {"watch"})

    assert cut_short, "each answer was there before the kill"
    assert_invariants(phones)


def test_f13_web_processes_that_are_killed_at_any_moment_lose_nothing(system: System):
    phones = Phones(Scene.of(system, patients=times(20, 200)))
    with phones.reporting():
        for _ in range(times(2, 100)):
            some_time(0.1, 1.0)
            mishaps.kill_all(system.children("web"))
            wait_until(partial(is_back, system), within_s=60)
    assert_invariants(phones)


def is_back(system: System) -> bool:
    """The server starts its processes again, or ends where they die too often, and is started again itself."""
    system.revive()
    return len(system.children("web")) == WEB_PROCESSES and system.answers()


def is_stored(database: psycopg.Connection, report: Report) -> bool:
    query = "SELECT 1 FROM recovery_checkin WHERE client_id = %s"
    return database.execute(query, [report.body["id"]]).fetchone() is not None
