"""“This was noise”: with a reason, by a clinician, in any state; it ends and mutes nothing."""

from typing import Any

import pytest

from recovery import alerts
from recovery.alerts import NotAllowed
from recovery.models import Alert, DeviceToken, Mute, User
from tests import factories
from tests.factories import at
from tests.operations.ward import close, kinds, report

pytestmark = pytest.mark.django_db


@pytest.fixture
def alert(ana: DeviceToken) -> Alert:
    report(ana, 30, bleeding="oozing")
    return Alert.objects.get()


def call(alert: Alert, by: User, noise: str, hours: float = 31, **words: Any) -> Alert:
    return alerts.call_noise(alert_id=alert.uuid, by=by, noise=noise, now=at(hours), **words)


def test_it_says_why_and_changes_nothing_else(alert: Alert, ben: User) -> None:
    called = call(alert, ben, "expected", note="She always oozes a little.")

    assert (called.noise, called.status, called.owner, called.tier) == ("expected", "open", None, alert.tier)
    assert kinds(alert) == ["opened", "noise"]
    assert alert.events.latest("id").detail == {"noise": "expected", "note": "She always oozes a little."}
    assert not Mute.objects.exists()


def test_it_can_be_said_as_it_is_closed_and_long_after(alert: Alert, ben: User) -> None:
    closed = close(alert, ben, 31, outcome="no-problem-found", noise="nothing-to-do")
    assert (closed.status, closed.noise) == ("closed", "nothing-to-do")
    assert kinds(alert) == ["opened", "closed", "noise"]
    assert alert.events.latest("id").detail == {"noise": "nothing-to-do", "note": ""}

    assert call(alert, ben, "mistake", 60).noise == "mistake"
    assert call(alert, ben, "", 61).noise == ""
    assert kinds(alert)[-2:] == ["noise", "noise"]


def test_closing_with_another_reason_keeps_the_words_for_it(alert: Alert, ben: User) -> None:
    close(alert, ben, 31, note="The nurse was beside her.", noise="other")

    assert alert.events.latest("id").detail == {"noise": "other", "note": "The nurse was beside her."}


def test_said_twice_it_is_said_once(alert: Alert, ben: User) -> None:
    call(alert, ben, "")
    call(alert, ben, "fault")
    call(alert, ben, "fault")

    assert kinds(alert) == ["opened", "noise"]


def test_a_reason_is_needed(alert: Alert, ben: User) -> None:
    with pytest.raises(NotAllowed, match="Choose why"):
        call(alert, ben, "annoying")
    with pytest.raises(NotAllowed, match="few words"):
        call(alert, ben, "other", note=" ")
    assert kinds(alert) == ["opened"]


def test_who_was_sent_to_emergency_care_was_no_noise(alert: Alert, ben: User) -> None:
    with pytest.raises(NotAllowed, match="was no noise"):
        close(alert, ben, 31, outcome="sent-to-emergency", noise="expected")
    call(alert, ben, "expected")
    with pytest.raises(NotAllowed, match="was no noise"):
        close(alert, ben, 31, outcome="sent-to-emergency")
    assert Alert.objects.get().status == "open"

    call(alert, ben, "")
    close(alert, ben, 32, outcome="sent-to-emergency")
    with pytest.raises(NotAllowed, match="was no noise"):
        call(alert, ben, "expected", 33)


def test_only_clinicians_of_the_team_judge_it(alert: Alert) -> None:
    cory = factories.member(alert.team, "Cory Bell", "coordinator")
    cleo = factories.member(factories.team(factories.clinic("Harbour")), "Cleo Marsh")

    with pytest.raises(NotAllowed, match="nurse or a doctor"):
        call(alert, cory, "expected")
    with pytest.raises(Alert.DoesNotExist):
        call(alert, cleo, "expected")


def test_of_two_who_judge_it_at_once_the_second_is_told_who_was_first(
    alert: Alert, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    dora = factories.member(alert.team, "Dora Klein", "doctor")
    as_ben_read_it = Alert.objects.get()
    call(alert, dora, "expected", 31)
    monkeypatch.setattr("recovery.alerts.ending.reach", lambda *_: as_ben_read_it)

    with pytest.raises(NotAllowed, match="Dora Klein said whether this was noise at 17:00 on 3 March"):
        call(alert, ben, "mistake", 31.1)
    assert call(alert, ben, "expected", 31.2).noise == "expected"
    with pytest.raises(NotAllowed, match="Dora Klein said whether this was noise"):
        close(alert, ben, 31.3, outcome="sent-to-emergency")
    assert Alert.objects.get().status == "open"
