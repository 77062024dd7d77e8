"""PostgreSQL killed, frozen and full of connections: what was answered 2xx is there, what is not is sent again, and
everything goes on by itself when it is back."""

import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta

import psycopg
import pytest
from django.db.models.functions import Now

from recovery.models import Notification
from tests.databases import EVERY_CLINIC
from tests.faults.aftermath import assert_invariants
from tests.faults.mishaps import SENDERS, some_time, swallowing
from tests.faults.nurses import Nurse
from tests.faults.phones import RED_FLAG, Phones
from tests.faults.scale import times
from tests.faults.scene import Scene
from tests.system import System
from tests.waiting import wait_until

pytestmark = pytest.mark.slow


@contextmanager
def no_connection_left(system: System) -> Generator[None]:
    """Somebody else has taken all there are."""
    with ExitStack() as taken:
        with suppress(psycopg.OperationalError):
            while True:
                taken.enter_context(psycopg.connect(system.database_url, options=EVERY_CLINIC))
        yield


def assert_everything_went_on_by_itself(system: System) -> None:
    assert all(system.is_running(name) for name in ("web", "worker", "watch", "watch-2"))


def test_f24_killed_under_load_it_has_everything_that_was_answered(system: System):
    kills = times(3, 100)
    phones = Phones(Scene.of(system, patients=times(40, 1_000)))
    with phones.reporting(every_s=0.02):
        for _ in range(kills):
            some_time(0.3, 1.5)
            system.kill("postgres")
            system.start("postgres")
    assert_invariants(phones, deaths=kills * SENDERS)
    assert_everything_went_on_by_itself(system)


def test_f24_what_left_as_it_was_killed_is_written_down_when_it_is_back_and_not_sent_again(system: System):
    phones = Phones(Scene.of(system, patients=1))
    (patient,) = phones.scene.patients
    with swallowing(system):
        phones.send_until_taken(phones.report(patient, RED_FLAG))
        wait_until(lambda: len(phones.scene.mails) == len(patient.team))
        with system.django():
            # Else on a slow machine the lease is over when it is back, and another sender may go on.
            sending = Notification.objects.filter(status="sending")
            assert sending.update(next_attempt_at=Now() + timedelta(hours=1)) == len(patient.team)
        system.kill("postgres")
    system.start("postgres")
    assert_invariants(phones, deaths=0)


def test_f25_frozen_it_is_given_up_and_the_phone_keeps_its_report(system: System):
    # given
    phones = Phones(Scene.of(system, patients=times(10, 40)))
    nurse = Nurse(system, phones.scene.patients[0].team[0])
    phones.report_all(len(phones.scene.patients))
    at_first = list(phones.reports)

    # when
    with system.frozen("postgres"):
        thaws_at = time.monotonic() + times(12, 60)
        while time.monotonic() < thaws_at:
            phones.send(phones.report(phones.scene.patients[0], RED_FLAG))
        board, alive = nurse.page(), nurse.page("/livez")
    during = phones.reports[len(at_first) :]

    # then
    assert {answer for report in during for answer in report.answers} == {503}
    assert (board.status, alive.status) == (503, 200)
    for report in during:
        phones.send_until_taken(report)
    assert_invariants(phones, deaths=SENDERS)
    assert_everything_went_on_by_itself(system)


def test_f25_frozen_under_load_nothing_is_lost(system: System):
    phones = Phones(Scene.of(system, patients=times(20, 200)))
    with phones.reporting():
        some_time(0.3, 1.0)
        with system.frozen("postgres"):
            time.sleep(times(10, 60))
    assert_invariants(phones, deaths=SENDERS)
    assert_everything_went_on_by_itself(system)


def test_f26_with_no_connection_left_everybody_is_put_off_and_nobody_turned_away(system: System):
    # given
    phones = Phones(Scene.of(system, patients=times(10, 100)), at_once=100)
    nurse = Nurse(system, phones.scene.patients[0].team[0])
    system.stop("web")

    # when
    with no_connection_left(system):
        system.start("web")
        for patient in phones.scene.patients:
            phones.send(phones.report(patient, RED_FLAG))
        board, ready = nurse.page(), nurse.page("/readyz")

    # then
    assert set(phones.answers) == {503}
    assert (board.status, ready.status) == (503, 503)
    for report in list(phones.reports):
        phones.send_until_taken(report)
    assert_invariants(phones)
    wait_until(lambda: nurse.page("/readyz").status == 200)
    assert_everything_went_on_by_itself(system)


def test_f26_a_hundred_phones_find_no_connection_and_all_get_through_in_the_end(system: System):
    phones = Phones(Scene.of(system, patients=100), at_once=100)
    system.stop("web")
    with ExitStack() as stack:
        stack.enter_context(no_connection_left(system))
        system.start("web")
        with phones.reporting(every_s=0.01):
            time.sleep(times(2, 30))
            stack.close()
            time.sleep(1)
    assert set(phones.answers) <= {200, 201, 503}
    assert_invariants(phones)
