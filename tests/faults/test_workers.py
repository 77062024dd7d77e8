"""Workers and watches that are killed, stopped, cut short: nobody's alert is lost, and who did not die sends once."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults import mishaps
from tests.faults.aftermath import assert_invariants, sent_again
from tests.faults.by_celery import nothing_in_hand, report_to_the_worker, wait_for_the_worker
from tests.faults.mishaps import POOL, some_time
from tests.faults.phones import Phones
from tests.faults.scale import long_only, times
from tests.faults.scene import Scene
from tests.system import System

pytestmark = pytest.mark.slow


@contextmanager
def under_load(system: System, *, patients: int) -> Iterator[Phones]:
    """Red flags come all the time, each of another patient."""
    phones = Phones(Scene.of(system, patients=patients))
    with phones.reporting():
        yield phones


def test_f06_a_worker_that_is_killed_again_and_again_loses_nobodys_alert(system: System):
    kills = times(2, 50)
    with under_load(system, patients=times(24, 1_000)) as phones:
        for _ in range(kills):
            some_time(0.2, times(1, 2))
            system.kill("worker")
            system.start("worker")
    assert_invariants(phones, deaths=kills * POOL)


def test_f06_a_watch_that_is_killed_again_and_again_loses_nobodys_alert(system: System):
    kills = times(2, 50)
    system.stop("worker")
    with under_load(system, patients=times(24, 1_000)) as phones:
        for name in ["watch", "watch-2"] * kills:
            some_time(0.2, times(1, 2))
            system.kill(name)
            system.start(name)
    assert_invariants(phones, deaths=kills * 2)
    assert phones.scene.roads() == ({"watch"}, {"watch"})


def test_f07_what_a_killed_child_was_sending_is_sent_again_under_the_same_key(system: System):
    nothing_in_hand(system)
    phones = Phones(Scene.of(system, members=1))
    with system.frozen("watch", "watch-2"):  # the worker has it
        with mishaps.swallowing(system):
            report_to_the_worker(phones)
            mishaps.kill_all(system.children("worker"))
        assert phones.scene.attempts() == [(1, "", True)]
    assert_invariants(phones, deaths=1)

    assert phones.scene.attempts() == [(1, "", True), (2, "sent", False)]
    assert len(phones.scene.mails) == 2
    assert len({str(mail.message["Message-ID"]) for mail in phones.scene.mails}) == 1


def test_f11_stopped_in_turn_and_started_again_they_lose_nothing_and_repeat_nothing(system: System):
    with under_load(system, patients=times(24, 2_000)) as phones:
        for name in ["watch", "worker", "web", "watch-2"] * times(1, 15):
            some_time(0.2, times(1, 5))
            system.signal(name, signal.SIGTERM)
            system.wait_until_ended(name)
            system.start(name)
    assert_invariants(phones)
    assert sent_again(phones.scene) == 0


@pytest.mark.parametrize(("name", "most"), [("worker", 4), ("watch", 1)])
def test_f11_asked_to_stop_they_end_what_they_are_at(system: System, name: str, most: int):
    """A task goes on to the end of its turn, a watch ends after the message."""
    phones = Phones(Scene.of(system, members=4))
    others = {"worker", "watch", "watch-2"} - {name}
    system.stop(*others)
    with mishaps.swallowing(system):
        assert phones.report_red_flag() == 201
        wait_for_the_worker(system, lambda: phones.scene.mails)
        system.signal(name, signal.SIGTERM)
    system.wait_until_ended(name)

    assert 1 <= phones.scene.statuses().count("sent") <= most
    assert set(phones.scene.statuses()) <= {"sent", "waiting"}
    system.start(*others)
    assert_invariants(phones)
    assert sent_again(phones.scene) == 0


@pytest.mark.parametrize(
    "signals",
    [
        pytest.param([signal.SIGQUIT], id="quit"),
        pytest.param([signal.SIGINT, signal.SIGINT], id="two_ints", marks=long_only),
    ],
)
def test_f12_a_worker_that_is_cut_short_at_any_moment_loses_nothing(
    system: System, signals: list[signal.Signals]
):
    stops = times(2, 200)
    with under_load(system, patients=times(24, 4_000)) as phones:
        for _ in range(stops):
            some_time(0.0, 1.0)
            for number in signals:
                system.signal("worker", number)
                some_time(0.0, 0.1)
            system.end("worker")
            system.start("worker")
    assert_invariants(phones, deaths=stops * POOL)
