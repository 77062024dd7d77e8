"""What is done to a system that runs: deployed under load, migrated under load, looked after by what restarts it."""

import json
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import partial

import psycopg
import pytest

from services.children import ROOT
from tests.databases import EVERY_CLINIC
from tests.faults import mishaps
from tests.faults.aftermath import assert_invariants, sent_again
from tests.faults.conftest import METRICS_TOKEN, PROGRAMS
from tests.faults.next_release import NextRelease
from tests.faults.phones import Phones
from tests.faults.scale import times
from tests.faults.scene import Scene
from tests.system import System
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

WORKS = ("worker", "watch", "watch-2")


@pytest.fixture
def next_release(system: System) -> Generator[NextRelease]:
    """However far it came: afterwards this one runs again, on its own schema."""
    release = NextRelease(system)
    yield release
    release.roll_back(*(name for name in PROGRAMS if system.is_running(name)))
    release.migrate_back()


@contextmanager
def under_load(system: System, *, patients: int) -> Iterator[Phones]:
    phones = Phones(Scene.of(system, patients=patients))
    with phones.reporting():
        yield phones


def test_o01_a_rolling_deploy_under_load_loses_nothing_and_repeats_nothing(
    system: System, next_release: NextRelease
):
    """In the order of docs/operations.md: the schema first, then one process at a time. In the night all the way back,
    again and again."""
    with under_load(system, patients=times(40, 1_000)) as phones:
        next_release.migrate()
        next_release.roll_out(*PROGRAMS)
        for _ in range(times(0, 20)):
            next_release.roll_back(*PROGRAMS)
            next_release.migrate_back()
            next_release.migrate()
            next_release.roll_out(*PROGRAMS)
    assert_invariants(phones)
    assert sent_again(phones.scene) == 0


def test_o02_a_migration_waits_for_nobody_and_nobody_for_it(system: System, next_release: NextRelease):
    """Somebody reads for a long time. Who migrates gives up soon, and does not keep those out who come after it."""
    phones = Phones(Scene.of(system, patients=times(10, 100)))
    with psycopg.connect(system.database_url, options=EVERY_CLINIC) as reading:
        reading.execute("SELECT count(*) FROM recovery_notification")
        gave_up: list[str] = []
        migrating = threading.Thread(target=lambda: gave_up.append(refused(next_release)))
        migrating.start()
        phones.report_all(len(phones.scene.patients))
        phones.scene.wait_until_quiet()
        migrating.join()
    assert set(phones.answers) == {201}
    assert "LockNotAvailable" in gave_up[0]

    with phones.reporting():
        next_release.migrate()  # once more, as docker-compose.yml has it
    assert_invariants(phones)


def test_o02_this_release_runs_on_the_schema_of_the_next(system: System, next_release: NextRelease):
    phones = Phones(Scene.of(system, patients=times(20, 200)))
    with phones.reporting():
        for _ in range(times(2, 50)):
            next_release.migrate()
            next_release.migrate_back()
    until_told(system, (200, "ok"))
    assert_invariants(phones)


def refused(release: NextRelease) -> str:
    try:
        release.migrate()
    except AssertionError as said:
        return str(said)
    return "it was not refused"


@pytest.mark.parametrize("older", ["writes", "drains"])
def test_o03_what_one_release_has_planned_another_sends(
    system: System, next_release: NextRelease, older: str
):
    next_release.migrate()
    system.stop(*WORKS)
    if older == "drains":
        next_release.roll_out("web")
    phones = Phones(Scene.of(system, patients=times(4, 200)))
    phones.report_all(len(phones.scene.patients))
    assert phones.scene.owed()

    system.tree = next_release.tree if older == "writes" else ROOT
    system.start(*WORKS)
    assert_invariants(phones, lost_answers=False)


def test_o07_alive_is_who_answers_whatever_it_stands_on(system: System):
    assert status(system, "/livez") == (200, "ok")
    with system.frozen("postgres", "valkey"):
        assert status(system, "/livez") == (200, "ok")
    system.kill("postgres", "valkey")
    assert status(system, "/livez") == (200, "ok")


def test_o08_ready_is_who_has_a_database_and_a_broker_only_makes_it_better(system: System):
    until_told(system, (200, "ok"))
    with system.frozen("postgres"):
        assert status(system, "/readyz") == (503, "unready")
    until_told(system, (200, "ok"))
    with system.frozen("valkey"):
        until_told(system, (200, "degraded"))
    system.kill("valkey")
    until_told(system, (200, "degraded"))
    system.kill("postgres")
    assert status(system, "/readyz") == (503, "unready")
    system.start("postgres", "valkey")
    until_told(system, (200, "ok"))


def test_o08_not_ready_is_who_waits_for_a_migration(system: System, next_release: NextRelease):
    next_release.roll_out("web")
    assert status(system, "/readyz") == (503, "unready")
    next_release.migrate()
    until_told(system, (200, "ok"))


def test_o09_what_waits_is_told_while_it_waits_and_no_longer(system: System):
    """Steps of earlier tests' alerts may be on their way as well."""
    system.stop(*WORKS)
    scene = Scene.of(system, members=1)
    phones = Phones(scene)
    phones.report_red_flag()
    assert owed(system, "report-not-flagged") == 1
    with mishaps.swallowing(system):
        system.start("watch")
        wait_until(lambda: scene.mails)
        assert owed(system, "report-not-flagged") == 0
        assert owed(system, "message-sending") >= 1
        system.kill("watch")
        wait_until(lambda: owed(system, "message-uncertain") >= 1, why="its lease does not run out")
    system.start(*WORKS)
    for state in ("message-uncertain", "message-sending", "message-waiting"):
        wait_until(partial(nothing_is_owed, system, state))
    assert_invariants(phones, deaths=1, lost_answers=False)


def nothing_is_owed(system: System, state: str) -> bool:
    return owed(system, state) == 0


def owed(system: System, state: str) -> int:
    request = urllib.request.Request(
        f"{system.url}/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"}
    )
    with urllib.request.urlopen(request, timeout=20) as answered:
        said = answered.read().decode()
    (number,) = re.findall(rf'^recovery_owed{{state="{state}"[^}}]*}} (\d+)$', said, re.MULTILINE)
    return int(number)


def until_told(system: System, told: tuple[int, str]) -> None:
    """By whichever process is asked. Half a second for the database is little where others use the machine too."""
    wait_until(lambda: status(system, "/readyz") == told, why=f"it is never {told}")


def status(system: System, path: str) -> tuple[int, str]:
    """What whoever watches over the process is told. Who is kept waiting takes it for dead."""
    try:
        with urllib.request.urlopen(system.url + path, timeout=20) as answered:
            return answered.status, json.load(answered)["status"]
    except urllib.error.HTTPError as answered:
        with answered:
            return answered.code, json.load(answered)["status"]
