"""What is alerted follows from what is stored, not from what happened to come last: cases in which it once did not."""

import pytest

from recovery import alerts, checkins, silence
from recovery.clinical.tiers import Tier
from recovery.models import Alert, Assessment, DeviceToken, User
from tests import factories
from tests.factories import at, submission
from tests.hold.settled import as_next_request, settle

pytestmark = pytest.mark.django_db

SORE = {"pain_now": 3, "pain_where": ["treated_area"]}
WORSE = {"pain_now": 7, "pain_where": ["treated_area"]}


@pytest.fixture
def ana() -> DeviceToken:
    return factories.phone(factories.episode())[0]


@pytest.fixture
def ben(ana: DeviceToken) -> User:
    return factories.member(ana.episode.team)


def live() -> dict[str, int]:
    return dict(Alert.objects.filter(status__in=Alert.LIVE).values_list("rule", "tier"))


def test_a_half_finished_report_that_comes_last_keeps_no_alert_open_that_later_reports_have_cleared(
    ana: DeviceToken,
) -> None:
    for hours in (60, 70):
        checkins.submit(device=as_next_request(ana), submission=submission(hours), now=at(71))
        settle(at(71))
    half = submission(30, completed=False, cough="new")
    checkins.submit(device=as_next_request(ana), submission=half, now=at(71))
    settle(at(71))

    assert Alert.objects.get(rule="COUGH").status == Alert.Status.RESOLVED


def test_a_report_without_findings_waits_for_those_of_the_episode_that_the_team_was_not_told_yet(
    ana: DeviceToken,
) -> None:
    """Whether it clears an alert can only be said when the alert is there."""
    checkins.submit(device=ana, submission=submission(30, bandage="off"), now=at(30))
    checkins.submit(device=as_next_request(ana), submission=submission(60), now=at(60))

    assert Assessment.objects.filter(flagged_at=None).count() == 2


def test_a_red_flag_that_was_corrected_is_found_when_the_report_it_is_measured_against_comes_late(
    ana: DeviceToken,
) -> None:
    """Pain of 7 is a rise only when it is known that it was 3 the day before."""
    red = submission(60, **WORSE)
    checkins.submit(device=ana, submission=red, now=at(61))
    corrected = submission(60, client_id=red.client_id, **SORE)
    checkins.correct(device=as_next_request(ana), submission=corrected, base_revision=1, now=at(61))
    settle(at(61))
    assert "PAIN-UP" not in live()

    checkins.submit(device=as_next_request(ana), submission=submission(40, **SORE), now=at(62))
    settle(at(62))

    assert live()["PAIN-UP"] == Tier.SAME_DAY
    events = Alert.objects.get(rule="PAIN-UP").events.order_by("id")
    assert [event.kind for event in events] == ["opened", "changed"]
    checkins.submit(device=as_next_request(ana), submission=submission(41, **SORE), now=at(63))
    settle(at(63))
    assert events.count() == 2, "it is told once"


def test_a_red_flag_that_was_taken_back_is_not_found_later(ana: DeviceToken) -> None:
    red = submission(60, **WORSE)
    checkins.submit(device=ana, submission=red, now=at(61))
    checkins.withdraw(device=as_next_request(ana), client_id=red.client_id, now=at(61))
    checkins.submit(device=as_next_request(ana), submission=submission(40, **SORE), now=at(62))
    settle(at(62))

    assert "PAIN-UP" not in live()


def test_a_new_judgement_is_compared_with_the_last_one_of_the_report_as_it_stands(
    ana: DeviceToken, ben: User
) -> None:
    """An original that came after its correction says nothing about what the team knows of the correction."""
    original = submission(60, **WORSE)
    correction = submission(60, client_id=original.client_id, bleeding="oozing", **WORSE)
    checkins.correct(device=ana, submission=correction, base_revision=1, now=at(61))
    checkins.submit(device=as_next_request(ana), submission=original, now=at(61))
    settle(at(61))
    told = Alert.objects.get(rule="BLEED-OOZE")
    alerts.close(alert_id=told.uuid, by=ben, outcome="seen", contacted=True, note="Stopped.", now=at(62))

    checkins.submit(device=as_next_request(ana), submission=submission(40, **SORE), now=at(63))
    settle(at(63))

    assert "PAIN-UP" in live(), "it was judged anew"
    assert "BLEED-OOZE" not in live(), "what the nurse has seen is no news"


def test_finishing_a_half_finished_report_ends_a_silence(ana: DeviceToken) -> None:
    half = submission(30, completed=False)
    checkins.submit(device=ana, submission=half, now=at(30))
    silence.judge_due(limit=10, now=at(36))
    settle(at(36))
    assert live() == {"NEVER-STARTED": Tier.WITHIN_24H}

    whole = submission(30, client_id=half.client_id)
    checkins.correct(device=as_next_request(ana), submission=whole, base_revision=1, now=at(37))
    settle(at(37))

    assert live() == {}
