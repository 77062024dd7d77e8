"""With real processes: the canary's red flag comes through the API, Celery and the channel; the dead-man's URL is
called while all is well and not when anything is wrong; the operator is told by another road (O10, O11, O12)."""

import time
from collections.abc import Generator

import psycopg
import pytest

from recovery.auditor import PROGRAMS
from tests.faults.phones import Phones
from tests.faults.scale import LONG
from tests.faults.scene import Scene
from tests.system import System
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

ALL = ("web", "worker", "watch", "canary", "auditor")
OPERATOR = "operator@example.org"
PING = "/all-is-well"
MINUTES_S = 5 * 60
EVERY_S = 5


@pytest.fixture(scope="module")
def running(django_db_blocker) -> Generator[System]:
    """Everything at work, quicker than in production: a round of the canary every few seconds, a look every second."""
    asked = {
        "OPERATOR_MAIL": OPERATOR,
        "CANARY_EVERY_S": str(EVERY_S),
        "CANARY_WITHIN_S": "10",
        "AUDIT_EVERY_S": "2",
        "CANARY_MAIL": "canary@example.org",
    }
    with django_db_blocker.unblock(), System(own_postgres=True, **asked) as system:
        system.env["DEADMAN_URL"] = system.provider.web.url(PING)
        Scene.of(system)
        system.start(*ALL)
        yield system


@pytest.fixture(autouse=True)
def _django_may_be_asked(django_db_blocker) -> Generator[None]:
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def system(running: System) -> System:
    """All at work and found to be well."""
    running.restore(*ALL)
    wait_until(lambda: bool(pings_since(running, 3.0)), within_s=120, why="it never was well")
    return running


def pings_since(system: System, seconds: float) -> list[float]:
    return [
        request.at
        for request in system.provider.web.requests
        if request.to == PING and request.at > time.monotonic() - seconds
    ]


def operator_mails(system: System) -> list[str]:
    return [mail.subject for mail in system.mailbox.mails if OPERATOR in mail.recipients]


def standing(system: System) -> set[str]:
    return {kind for (kind,) in system.rows("SELECT kind FROM recovery_defect WHERE gone_at IS NULL")}


def runs(system: System) -> list[tuple[str, int, str, str]]:
    return system.rows(
        "SELECT outcome, took_ms, flagged_by, sent_by FROM recovery_canaryrun WHERE outcome <> '' ORDER BY round"
    )


def by_celery(system: System) -> list[tuple[str, int, str, str]]:
    return [run for run in runs(system) if (run[0], *run[2:]) == ("arrived", "celery", "celery")]


def test_o10_the_canary_comes_through_the_api_celery_and_the_channel(system: System):
    """Where everybody is just starting, the watch may be quicker for a round or two: one by Celery is waited for."""
    wait_until(lambda: bool(by_celery(system)), within_s=90, why=f"none came by Celery: {runs(system)}")

    assert min(took_ms for _, took_ms, *_ in by_celery(system)) < 60_000
    assert any(
        recipient.startswith("canary+") for mail in system.mailbox.mails for recipient in mail.recipients
    )
    # on a crowded machine a program may have been silent for a while: that it is not found any more is waited for
    wait_until(lambda: standing(system) == set(), within_s=120, why="something is found to be wrong")


def test_o10_absent_twice_is_an_alarm_by_another_road(system: System):
    told = len(operator_mails(system))
    system.mailbox.refuse = {recipient: "550 gone" for (recipient,) in system.rows(
        "SELECT u.email FROM recovery_canary c JOIN recovery_user u ON u.id = c.user_id")}  # fmt: skip
    try:
        wait_until(
            lambda: "Recovery check-ins: red flags do not arrive" in operator_mails(system)[told:],
            within_s=MINUTES_S, why="the operator was not told",
        )  # fmt: skip
        wait_until(lambda: "canary-absent" in standing(system), within_s=30, why="the auditor did not see it")
        wait_until(lambda: not pings_since(system, 10.0), within_s=60, why="the dead-man's URL is called")
    finally:
        system.mailbox.refuse = {}


@pytest.mark.hazard("HZ2.6")
def test_o11_damage_is_found_within_two_minutes_and_the_outside_is_not_called(system: System):
    phones = Phones(Scene.of(system))
    phones.report_red_flag()
    phones.scene.wait_until_quiet()
    with psycopg.connect(system.admin_url, autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute(
            "UPDATE recovery_alert SET tier = 3 WHERE episode_id = ANY(%s)", [phones.scene.episodes]
        )
    try:
        wait_until(
            lambda: "alert-tier-changed" in standing(system) and not pings_since(system, 10.0),
            within_s=120, why="it was not found, or the dead-man's URL is called",
        )  # fmt: skip
        wait_until(
            lambda: "Recovery check-ins: something is wrong" in operator_mails(system),
            within_s=30, why="the operator was not told",
        )  # fmt: skip
    finally:
        with psycopg.connect(system.admin_url, autocommit=True) as admin:
            admin.execute("SET session_replication_role = replica")
            admin.execute(
                "UPDATE recovery_alert SET tier = 4 WHERE episode_id = ANY(%s)", [phones.scene.episodes]
            )
    wait_until(lambda: bool(pings_since(system, 2.0)), within_s=120, why="it was not called well again")


@pytest.mark.parametrize("program", ["watch", "worker", "canary"] if LONG else ["worker"])
def test_o9_a_program_that_is_there_and_does_nothing_is_found(system: System, program: str):
    with system.frozen(program):
        wait_until(
            lambda: ("program-silent", program)
            in system.rows("SELECT kind, detail FROM recovery_defect WHERE gone_at IS NULL"),
            within_s=90, why=f"nobody missed the {program}",
        )  # fmt: skip
        wait_until(lambda: not pings_since(system, 10.0), within_s=60, why="the dead-man's URL is called")


@pytest.mark.parametrize("what", ["everything is killed", "the database is gone"])
def test_o12_when_everything_dies_the_outside_misses_the_call(system: System, what: str):
    if what == "everything is killed":
        system.kill(*ALL)
    else:
        system.kill("postgres")
    died = time.monotonic()
    wait_until(lambda: not pings_since(system, 20.0), within_s=60, why="the dead-man's URL is called")
    time.sleep(5)

    assert max(request.at for request in system.provider.web.requests if request.to == PING) < died + 5
    assert set(PROGRAMS) >= {"watch", "worker", "canary"}
