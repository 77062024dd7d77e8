"""A broker that is frozen, gone, full, read-only, paused, unable to save or empty holds nobody up and loses nothing."""

import pytest

from tests.faults import mishaps
from tests.faults.aftermath import assert_invariants
from tests.faults.by_celery import BY_THE_WATCH_ALONE, nothing_in_hand, nudge, wait_until_celery_is_back
from tests.faults.phones import Phones
from tests.faults.scale import times
from tests.faults.scene import Scene
from tests.system import System

pytestmark = pytest.mark.slow


def test_f01_a_frozen_broker_is_given_up_after_three_tries(system: System):
    with system.frozen("worker", "valkey"):
        assert nudge(system, 200) == {"failed": 3, "skipped": 197}


def test_f01_threads_do_not_queue_up_behind_a_frozen_broker(system: System):
    with system.frozen("worker", "valkey"):
        counts = nudge(system, 200, threads=20)
    assert counts["failed"] <= 4
    assert sum(counts.values()) == 200
    assert not counts["published"]


def test_f01_with_a_frozen_broker_reports_are_taken_and_the_watch_tells_the_team(system: System):
    phones = Phones(Scene.of(system, patients=times(5, 40)), at_once=20)
    nothing_in_hand(system)
    with system.frozen("valkey"):
        phones.report_all(times(40, 200))
        phones.scene.wait_until_quiet()
        assert phones.scene.roads() == BY_THE_WATCH_ALONE
    assert_invariants(phones, lost_answers=False)
    wait_until_celery_is_back(system)


def test_f02_a_publish_to_a_frozen_broker_ends_by_itself(system: System):
    """By the four settings of tests/tasks/test_settings.py: with Celery's own it would still be waiting."""
    with system.frozen("worker", "valkey"):
        assert nudge(system, 1) == {"failed": 1}


def test_f03_a_broker_that_is_gone_is_given_up_after_three_tries(system: System):
    system.kill("valkey")
    assert nudge(system, 5) == {"failed": 3, "skipped": 2}


def test_f03_with_no_broker_reports_are_taken_and_the_watch_tells_the_team(system: System):
    phones = Phones(Scene.of(system, patients=times(5, 40)))
    nothing_in_hand(system)
    system.kill("valkey")
    phones.report_all(times(20, 200))
    phones.scene.wait_until_quiet()
    assert phones.scene.roads() == BY_THE_WATCH_ALONE
    system.start("valkey")
    assert_invariants(phones, lost_answers=False)
    wait_until_celery_is_back(system)


@pytest.mark.parametrize("mishap", ["full", "read_only", "unable_to_save", "paused"])
def test_f04_with_a_broker_that_takes_nothing_reports_are_taken_and_the_watch_tells_the_team(
    system: System, mishap: str
):
    phones = Phones(Scene.of(system, patients=times(5, 40)))
    nothing_in_hand(system)
    with getattr(mishaps, mishap)(system):
        phones.report_all(times(10, 200))
        phones.scene.wait_until_quiet()
        assert phones.scene.roads() == BY_THE_WATCH_ALONE
    assert_invariants(phones, lost_answers=False)
    wait_until_celery_is_back(system)


def test_f05_a_broker_that_forgets_everything_again_and_again_loses_nobodys_alert(system: System):
    phones = Phones(Scene.of(system, patients=times(20, 200)))
    with mishaps.forgetful(system, every_s=times(1, 10) / times(10, 1)) as lost:
        phones.report_all(times(150, 10_000))
    assert lost
    assert_invariants(phones, lost_answers=False)
    wait_until_celery_is_back(system)


def test_f14_what_goes_wrong_after_the_commit_does_not_reach_the_phone(system: System):
    """Not a broker that is away, but one that answers with an error nobody expects: the queue is no list."""
    phones = Phones(Scene.of(system, patients=2))
    system.stop("worker")
    with mishaps.client_of_the_broker(system) as client:
        client.set("celery", "no list")
        phones.report_all(6)
        client.delete("celery")
    phones.scene.wait_until_quiet()
    assert phones.scene.roads() == BY_THE_WATCH_ALONE
    assert_invariants(phones, lost_answers=False)
