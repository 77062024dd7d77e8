"""The record behind the reports is corrected (baseline, risk factors): everything is judged anew, silence too. What is
new or worse comes to the team; what vanishes ends nothing."""

from typing import Any

import pytest

from recovery import assessments, corrections, silence
from recovery.clinical.tiers import Tier
from recovery.models import Alert, Assessment, DeviceToken, Episode, Notification, User
from recovery.silence import anew
from tests.factories import BASELINE, at
from tests.operations.ward import close, correct, flag_all, kinds, live, report

pytestmark = pytest.mark.django_db


def correct_baseline(ana: DeviceToken, ben: User, hours: float, **changes: Any) -> None:
    corrections.correct_baseline(
        episode_id=ana.episode.uuid,
        baseline=BASELINE | changes,
        baseline_at=at(-2),
        reason="Told on the phone.",
        by=ben,
        now=at(hours),
    )
    turn(hours)


def correct_risk_factors(ana: DeviceToken, ben: User, hours: float, *risk_factors: str) -> None:
    corrections.correct_risk_factors(
        episode_id=ana.episode.uuid,
        risk_factors=risk_factors,
        blood_thinner_restart_h=None,
        reason="Read in the letter.",
        by=ben,
        now=at(hours),
    )
    turn(hours)


def turn(hours: float) -> None:
    assessments.rejudge_owed(limit=10, now=at(hours))
    flag_all(at(hours))


def test_a_baseline_corrected_later_opens_what_it_had_hidden(ana: DeviceToken, ben: User) -> None:
    correct_baseline(ana, ben, 1, bladder="present")
    report(ana, 30, bladder="same")
    assert live() == {}
    correct_baseline(ana, ben, 31, bladder="no")

    assert live() == {"BASELINE-UNKNOWN": "same_day"}
    assert Notification.objects.count() == 1


def test_a_risk_factor_found_later_raises_and_everybody_is_told_again(ana: DeviceToken, ben: User) -> None:
    report(ana, 30, bleeding="oozing")
    correct_risk_factors(ana, ben, 31, "anticoagulant")

    alert = Alert.objects.get()
    assert (alert.tier, alert.tier_at, kinds(alert)) == (Tier.EMERGENCY, at(31), ["opened", "raised"])
    steps = Notification.objects.order_by("id").values_list("step", flat=True)
    assert list(steps) == ["opened", "raised-emergency"]


def test_a_risk_factor_struck_off_lowers_and_ends_nothing(ana: DeviceToken, ben: User) -> None:
    correct_risk_factors(ana, ben, 1, "anticoagulant")
    report(ana, 30, bleeding="oozing")
    correct_risk_factors(ana, ben, 31)

    assert Assessment.objects.get(is_current=True).tier == Tier.SAME_DAY
    assert live() == {"BLEED-OOZE": "emergency"}
    assert kinds(Alert.objects.get()) == ["opened"]


def test_what_was_closed_comes_back_only_if_the_record_makes_it_worse(ana: DeviceToken, ben: User) -> None:
    report(ana, 30, bleeding="oozing")
    close(Alert.objects.get(), ben, 31)
    correct_risk_factors(ana, ben, 32, "lung_disease")
    assert live() == {}
    correct_risk_factors(ana, ben, 33, "anticoagulant")

    assert live() == {"BLEED-OOZE": "emergency"}


def test_silence_is_judged_anew_with_the_risk_factors(ana: DeviceToken, ben: User) -> None:
    """Who never started is for today when there is a tumour, and not only when the next slot has closed."""
    silence.judge_due(limit=10, now=at(36))
    flag_all(at(36))
    assert live() == {"NEVER-STARTED": "within_24h"}
    correct_risk_factors(ana, ben, 37, "tumour")

    assert live() == {"NEVER-STARTED": "same_day"}
    assert kinds(Alert.objects.get()) == ["opened", "raised"]
    assert Notification.objects.count() == 1
    verdicts = Assessment.objects.filter(silent_slot="S1").order_by("id")
    assert [(row.is_current, row.tier) for row in verdicts] == [(False, 2), (True, 3)]
    correct_risk_factors(ana, ben, 38)
    assert [(row.is_current, row.tier) for row in verdicts.all()] == [(False, 2), (False, 3), (True, 2)]
    assert live() == {"NEVER-STARTED": "same_day"}, "less takes nothing back"


@pytest.mark.parametrize("heard_h", [36.5, 37])
def test_silence_that_was_broken_is_not_raised(ana: DeviceToken, ben: User, heard_h: float) -> None:
    silence.judge_due(limit=10, now=at(36))
    flag_all(at(36))
    report(ana, heard_h)
    correct_risk_factors(ana, ben, 37, "tumour")

    assert live() == {}


def test_a_correction_is_kept_even_if_the_silence_cannot_be_judged(
    ana: DeviceToken, ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError

    silence.judge_due(limit=10, now=at(36))
    monkeypatch.setattr(anew, "judged", fail)
    correct_risk_factors(ana, ben, 37, "tumour")

    assert Episode.objects.get().risk_factors == ["tumour"]
    assert live() == {"NEVER-STARTED": "within_24h"}


def test_what_vanishes_because_the_record_was_wrong_is_no_changed_answer(ana: DeviceToken, ben: User) -> None:
    first = report(ana, 30, bladder="same")
    correct(first, received=31, bladder="same", pain_now=3)
    assert live() == {"BASELINE-UNKNOWN": "same_day"}
    correct_baseline(ana, ben, 32, bladder="present")

    assert Assessment.objects.get(is_current=True).findings == []
    assert kinds(Alert.objects.get()) == ["opened"]
