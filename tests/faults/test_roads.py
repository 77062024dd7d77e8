"""Either road suffices alone: with the watch stopped a red flag reaches the mailbox through Celery, with Celery stopped
through the watch. With both, everybody is told once."""

import pytest

from tests.faults.aftermath import assert_invariants
from tests.faults.by_celery import wait_for_the_worker
from tests.faults.phones import Phones
from tests.faults.scene import Scene
from tests.system import System

pytestmark = pytest.mark.slow


@pytest.mark.hazard("HZ2.1")
@pytest.mark.parametrize(("program", "road"), [("worker", "celery"), ("watch", "watch")])
def test_a_red_flag_reaches_the_mailbox_by_one_road_alone(system: System, program: str, road: str):
    system.restore("web", program)
    phones = Phones(Scene.of(system))
    assert phones.report_red_flag() == 201
    if program == "worker":
        wait_for_the_worker(system, phones.scene.everybody_was_told)
    assert_invariants(phones, lost_answers=False)

    assert phones.scene.roads() == ({road}, {road})
    assert sorted(mail.recipients[0] for mail in phones.scene.mails) == sorted(phones.scene.emails)


def test_with_both_roads_open_everybody_is_told_once(system: System):
    phones = Phones(Scene.of(system, patients=5))
    phones.report_all(5)
    assert_invariants(phones, lost_answers=False)

    assert "celery" in phones.scene.roads()[0]
    assert sorted(mail.recipients[0] for mail in phones.scene.mails) == sorted(phones.scene.emails)


def test_nothing_that_is_logged_or_queued_tells_of_the_patient(system: System):
    programs = ("web", "worker", "watch", "watch-2")
    before = {name: len(system.said_by(name)) for name in programs}
    phones = Phones(Scene.of(system))
    phones.report_red_flag()
    phones.scene.wait_until_quiet()

    said = "".join(system.said_by(name)[length:] for name, length in before.items()).lower()
    private = (*phones.scene.tokens, *phones.scene.emails)
    for telling in ("ana", "whitfield", "new_or_worse", "bladder", "h0000", *private):
        assert telling.lower() not in said.replace("manage", "")
