"""A provider that hangs, refuses, or takes a message and then cuts the line: everybody is told in the end, what is
uncertain goes again under the same key, and whoever can be reached elsewhere is."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial

import pytest

from tests.faults import mishaps
from tests.faults.aftermath import assert_invariants, sent_again
from tests.faults.phones import Phones
from tests.faults.scale import times
from tests.faults.scene import Scene
from tests.mailbox import PERMANENTLY, TEMPORARILY
from tests.provider import Answer, Fate, Request
from tests.system import System
from tests.waiting import wait_until

pytestmark = pytest.mark.slow


def test_f30_killed_between_sending_and_recording_the_same_message_goes_again(system: System):
    kills = times(2, 100)
    system.stop("worker", "watch-2")
    for _ in range(kills):
        phones = Phones(Scene.of(system, members=1))
        with mishaps.swallowing(system):
            phones.report_red_flag()
            wait_until(partial(was_sent, phones.scene))
            system.kill("watch")
        assert phones.scene.attempts() == [(1, "", True)]
        system.start("watch")
        assert_invariants(phones, deaths=1, lost_answers=False)

        assert phones.scene.attempts() == [(1, "", True), (2, "sent", False)]
        first, again = phones.scene.mails
        assert first.message["Message-ID"] == again.message["Message-ID"]


def test_f30_a_line_that_is_cut_after_the_message_was_taken_repeats_it_under_the_same_key(system: System):
    phones = Phones(Scene.of(system, patients=times(2, 100)))
    system.mailbox.hang_up = True
    try:
        phones.report_all(len(phones.scene.patients))
        wait_until(partial(was_sent, phones.scene))
    finally:
        system.mailbox.hang_up = False
    phones.scene.wait_until_quiet()
    assert_invariants(phones, deaths=cut_short(phones.scene), lost_answers=False)
    assert {outcome for _, outcome, _ in phones.scene.attempts()} == {"temporary", "sent"}


@pytest.mark.parametrize("trouble", ["silent", "not_now", "gone"])
def test_f31_while_the_mail_server_is_in_trouble_mails_wait_and_nothing_else_does(
    system: System, trouble: str
):
    phones = Phones(Scene.of(system, patients=times(2, 50)))
    with in_trouble(system, trouble):
        phones.report_all(times(10, 500))
        wait_until(lambda: tried(phones.scene), within_s=60)
        assert not phones.scene.mails
        assert not phones.scene.rows(
            "SELECT 1 FROM recovery_assessment WHERE episode_id = ANY(%s) AND flagged_at IS NULL"
            " AND judged_at < now() - interval '15 s'"
        )
    assert_invariants(phones, lost_answers=False)
    assert sent_again(phones.scene) == 0


def test_f31_who_cannot_be_reached_keeps_nobody_else_from_being_told(system: System):
    phones = Phones(Scene.of(system, members=3))
    (patient,) = phones.scene.patients
    gone = patient.team[1].email
    with system.mailbox.refusing(PERMANENTLY, only_to=gone):
        phones.report_red_flag()
        wait_until(lambda: sorted(phones.scene.statuses()) == ["failed", "sent", "sent"], within_s=60)
    assert {to for mail in phones.scene.mails for to in mail.recipients} == set(phones.scene.emails) - {gone}
    assert_invariants(phones, lost_answers=False)


@pytest.mark.parametrize(
    ("fate", "in_the_end"),
    [
        (Fate.HANG, "sent"),
        (Fate.CUT, "sent"),
        (Answer(429, {"Retry-After": "3"}), "sent"),
        (Answer(503), "sent"),
        (Answer(404), "failed"),
        (Answer(410), "failed"),
    ],
    ids=["hangs", "cuts", "429", "503", "404", "410"],
)
def test_f31_who_has_another_channel_is_told_there_while_the_webhook_is_in_trouble(
    system: System, fate: Answer | Fate, in_the_end: str
):
    scene = Scene.of(system, members=1)
    phones, web = Phones(scene), system.provider.web
    path = scene.also_by_webhook(scene.patients[0].team[0])
    with mishaps.answering(web, path, fate):
        phones.report_red_flag()
        wait_until(lambda: scene.mails and requests(system, path))
        if isinstance(fate, Answer) and in_the_end == "sent":
            time.sleep(2)  # it has asked for rest
            assert len(requests(system, path)) == 1
    assert_invariants(phones, deaths=len(requests(system, path)), lost_answers=False)

    assert sorted(scene.statuses()) == sorted(["sent", in_the_end])
    assert len(scene.mails) == 1
    assert len({request.key for request in requests(system, path)}) == 1
    assert len(requests(system, path)) == 1 or in_the_end == "sent"


def requests(system: System, path: str) -> list[Request]:
    return [request for request in system.provider.web.requests if request.to == path]


def was_sent(scene: Scene) -> bool:
    return bool(scene.mails)


def tried(scene: Scene) -> bool:
    """And given up for now."""
    return any(outcome == "temporary" for _, outcome, _ in scene.attempts())


def cut_short(scene: Scene) -> int:
    return sum(outcome == "temporary" for _, outcome, _ in scene.attempts())


@contextmanager
def in_trouble(system: System, how: str) -> Generator[None]:
    mail = system.mailbox
    match how:
        case "silent":  # it takes connections, and does not say a word
            with mishaps.silent(mail):
                yield
        case "not_now":
            with mail.refusing(TEMPORARILY):
                yield
        case "gone":
            mail.stop()
            try:
                yield
            finally:
                mail.start()
