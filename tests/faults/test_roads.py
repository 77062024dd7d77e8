"""Either road suffices alone: with the watch stopped a red flag reaches the mailbox through Celery, with Celery stopped
through the watch. With both, everybody is told once."""

import pytest

from tests.faults.scene import Scene
from tests.system import System
from tests.waiting import wait_until

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("program", "road"), [("worker", "celery"), ("watch", "watch")])
def test_a_red_flag_reaches_the_mailbox_by_one_road_alone(program: str, road: str):
    with System() as system:
        system.start("web", program)
        scene = Scene.of(system)
        assert scene.report_red_flag() == 201
        wait_until(scene.everybody_was_told)

        assert scene.roads() == ({road}, {road})
        assert sorted(recipient for mail in system.mailbox.mails for recipient in mail.recipients) == sorted(
            scene.emails
        )


def test_with_both_roads_open_celery_comes_first_and_everybody_is_told_once():
    with System() as system:
        system.start("web", "worker", "watch")
        scene = Scene.of(system, patients=5)
        for token in scene.tokens:
            assert scene.report_red_flag(token) == 201
        wait_until(scene.everybody_was_told)

        assert scene.roads()[0] == {"celery"}
        assert len(system.mailbox.mails) == len(scene.emails) == 10


def test_nothing_that_is_logged_or_queued_tells_of_the_patient():
    with System() as system:
        system.start("web", "worker", "watch")
        scene = Scene.of(system)
        scene.report_red_flag()
        wait_until(scene.everybody_was_told)

        said = "".join(system.said_by(program) for program in ("web", "worker", "watch")).lower()
        for telling in ("ana", "whitfield", "new_or_worse", "bladder", "h0000", *scene.tokens, *scene.emails):
            assert telling not in said.replace("manage", "")
