"""Who operates the service is told of what is new, each hour of what stays so, and of the end. Waits have an end."""

from typing import Any

import pytest

from recovery import outside
from recovery.auditor import alarm as alarms
from recovery.auditor.alarm import Alarm
from tests.notifications.postbox import Postbox
from tests.provider import Answer, Fate, Provider

OPERATOR = "operator@example.org"


@pytest.fixture
def alarm(mailbox: Postbox, settings: Any) -> Alarm:
    settings.OPERATOR_MAIL = [OPERATOR]
    return Alarm()


def test_what_is_new_is_told_at_once_and_what_stays_each_hour(
    alarm: Alarm, mailbox: Postbox, monkeypatch: pytest.MonkeyPatch
):
    for kinds in ({"told-nobody": 1}, {"told-nobody": 2}, {"told-nobody": 2, "canary-absent": 1}):
        alarm.tell(kinds)
    assert len(mailbox.mails) == 2
    assert "told-nobody" in mailbox.mails[0].text

    monkeypatch.setattr(alarms, "AGAIN_S", 0.0)
    alarm.tell({"canary-absent": 1})

    assert len(mailbox.mails) == 3
    assert set(mailbox.recipients) == {OPERATOR}


def test_the_end_is_told_once(alarm: Alarm, mailbox: Postbox):
    alarm.tell({"told-nobody": 1})
    for _ in range(3):
        alarm.tell({})

    assert mailbox.subjects == [
        "Recovery check-ins: something is wrong",
        "Recovery check-ins: all is well again",
    ]


def test_what_could_not_be_told_is_told_again(alarm: Alarm, mailbox: Postbox):
    mailbox.refuse[None] = "450 4.2.0 later"
    assert not alarm.tell({"told-nobody": 1})
    mailbox.refuse.clear()

    assert alarm.tell({"told-nobody": 1})


def test_no_alarm_tells_of_a_patient(alarm: Alarm, mailbox: Postbox):
    alarm.tell({"verdict-wrong": 1, "red-flag-without-alert": 3})

    text = mailbox.mails[0].text
    assert "verdict-wrong" in text
    for private in ("Ana", "H00", "bladder"):
        assert private not in text


@pytest.mark.parametrize(
    ("fate", "heard"), [(Answer(200), True), (Answer(302), False), (Answer(500), False), (Fate.CUT, False)]
)
def test_the_deadmans_url_is_heard_or_not_and_nothing_raises(both: Provider, fate: Any, heard: bool):
    both.web.answers[None] = fate
    assert outside.ping(both.web.url("/all-is-well?id=7")) is heard
    assert both.web.requests[-1].to == "/all-is-well?id=7"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "nonsense", "http://[::1", "http:///x"])
def test_an_address_that_leads_nowhere_is_no_fault_of_the_auditors(url: str):
    assert outside.ping(url) is False


@pytest.mark.parametrize("fate", [Fate.HANG, Fate.DRIP])
def test_a_wait_for_the_outside_has_an_end(both: Provider, fate: Fate, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(outside, "TOTAL_S", 0.5)
    both.web.answers[None] = fate
    assert outside.ping(both.web.url()) is False
