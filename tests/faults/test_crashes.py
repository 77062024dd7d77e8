"""Whoever dies in the middle of a send leaves it uncertain: it is made again, under the same key."""

import itertools
import signal

import pytest

from tests.faults.scene import Scene
from tests.notifications.postbox import postbox
from tests.system import System
from tests.waiting import wait_until

pytestmark = pytest.mark.slow


def attempts(scene: Scene) -> list[tuple[int, str, bool]]:
    return scene.rows("SELECT number, outcome, ended_at IS NULL FROM recovery_attempt ORDER BY number")


def all_sent(scene: Scene) -> bool:
    """Everything that was reported is flagged, and everything that was planned is sent."""
    owed = scene.rows("SELECT count(*) FROM recovery_assessment WHERE flagged_at IS NULL")
    return owed == [(0,)] and scene.rows("SELECT DISTINCT status FROM recovery_notification") == [("sent",)]


def test_killed_between_sending_and_recording_the_same_message_goes_again():
    with postbox() as box, System(EMAIL_URL=box.url, DELIVERY_LEASE_S="2") as system:
        scene = Scene.of(system, members=1, reported=True)
        box.swallow = True
        system.start("watch")
        wait_until(lambda: box.mails)
        system.kill("watch")
        assert attempts(scene) == [(1, "", True)]
        box.swallow = False
        system.start("watch")
        wait_until(lambda: all_sent(scene))

        assert attempts(scene) == [(1, "", True), (2, "sent", False)]
        assert len(box.mails) == 2
        assert len(set(box.message_ids)) == 1


def test_asked_to_stop_it_ends_after_the_message_it_is_at():
    with postbox() as box, System(EMAIL_URL=box.url) as system:
        scene = Scene.of(system, members=3, reported=True)
        box.swallow = True
        system.start("watch")
        wait_until(lambda: box.mails)
        system.signal("watch", signal.SIGTERM)
        box.answer.set()
        wait_until(lambda: not system.is_running("watch"))
        system.stop("watch")  # says to the system that it is gone

        assert system.said_by("watch").rstrip().endswith("stopped")
        assert len(box.mails) == 1
        assert sorted(row[0] for row in scene.rows("SELECT status FROM recovery_notification")) == [
            "sent",
            "waiting",
            "waiting",
        ]


def test_whatever_is_killed_everybody_is_told_and_nothing_twice_without_a_kill():
    kills = 6
    with postbox() as box, System(EMAIL_URL=box.url, DELIVERY_LEASE_S="2") as system:
        system.start("web", "worker", "watch")
        scene = Scene.of(system, patients=12)
        victims = itertools.cycle(["worker", "watch"])
        for number, token in enumerate(scene.tokens):
            assert scene.report_red_flag(token) == 201
            if number % 2:
                system.kill(victim := next(victims))
                system.start(victim)
        wait_until(lambda: all_sent(scene), within_s=60)

        assert set(box.recipients) == set(scene.emails)
        told_again = len(box.mails) - len(scene.emails)
        assert told_again <= kills * 4, "a worker sends four at a time"
        assert len(set(box.message_ids)) == len(scene.emails)


def test_a_database_that_goes_away_is_waited_for():
    with System(own_postgres=True) as system:
        system.start("watch")
        system.kill("postgres")
        wait_until(lambda: "the database does not answer" in system.said_by("watch"))
        system.start("postgres")
        scene = Scene.of(system, reported=True)
        wait_until(scene.everybody_was_told)
        assert system.is_running("watch")
