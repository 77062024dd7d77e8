"""What cannot be judged, or told, is shown."""

from datetime import timedelta

import pytest

from recovery import alerts, checkins
from recovery.models import Assessment, DeviceToken, Notification, User
from tests import factories
from tests.factories import at, submission
from tests.operations.ward import live

pytestmark = pytest.mark.django_db


def test_a_report_that_cannot_be_judged_is_kept_and_shown_to_the_team(ana: DeviceToken, ben: User) -> None:
    """A fault in the episode's data makes judging raise: the patient is told to call, the team to read it."""
    sound = submission(30)
    ana.episode.baseline = {"pain_now": 8, "temp": "warm", "pain_where": 7}
    ana.episode.save(update_fields=["baseline"])
    receipt = checkins.submit(
        device=ana, submission=submission(30, weakness="same", weakness_where=["arm"]), now=at(30)
    )
    if receipt.assessment.tier is not None:
        pytest.fail("the faulty baseline was judged after all: choose another fault")

    for minute in range(6):
        Assessment.objects.filter(flagged_at=None).update(next_attempt_at=None)
        alerts.flag_owed(limit=10, now=at(30) + timedelta(minutes=minute))

    assert sound.client_id != receipt.check_in_id
    row = Assessment.objects.get()
    assert (row.attempts, row.set_aside_at is not None) == (5, True)
    assert live() == {"UNASSESSED": "same_day"}
    assert Notification.objects.filter(recipient=ben).count() == 1


def test_a_failing_row_does_not_hold_up_the_others(ana: DeviceToken) -> None:
    other, _ = factories.phone(factories.episode(ana.episode.team, name="Ida Moreau"))
    ana.episode.baseline = {"pain_now": 8, "temp": "warm", "pain_where": 7}
    ana.episode.save(update_fields=["baseline"])
    checkins.submit(
        device=ana, submission=submission(30, weakness="same", weakness_where=["arm"]), now=at(30)
    )
    checkins.submit(device=other, submission=submission(30, bleeding="oozing"), now=at(30))
    Assessment.objects.update(next_attempt_at=None)

    alerts.flag_owed(limit=10, now=at(30))

    assert live() == {"BLEED-OOZE": "same_day"}


def test_what_could_not_be_judged_is_judged_when_the_fault_is_gone(ana: DeviceToken) -> None:
    sound = ana.episode.baseline
    ana.episode.baseline = {"pain_now": 8, "temp": "warm", "pain_where": 7}
    ana.episode.save(update_fields=["baseline"])
    checkins.submit(
        device=ana, submission=submission(30, weakness="same", weakness_where=["arm"]), now=at(30)
    )
    ana.episode.baseline = sound
    ana.episode.save(update_fields=["baseline"])
    Assessment.objects.update(next_attempt_at=None)

    alerts.flag_owed(limit=10, now=at(31))

    assert "NEURO-WEAK" in live()
