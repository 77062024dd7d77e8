"""What the guards do that nothing else shows by itself: in each of these tests somebody else is at a row, or the watch
is alone. Real commits, and a second connection."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import IntegrityError, transaction

from recovery import alerts, assessments, checkins, escalation, silence, watch
from recovery.alerts import moves
from recovery.clinical.tiers import Tier
from recovery.escalation import policies
from recovery.models import Alert, AlertEvent, Assessment, CheckIn, Episode, Notification, User
from recovery.notifications import claims, outcomes
from tests import factories
from tests.databases import EVERY_CLINIC
from tests.factories import at, submission
from tests.notifications import scenes
from tests.notifications.conftest import mailbox  # noqa: F401 - a fixture
from tests.notifications.postbox import Postbox

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def somebody_holds(table: str, row: int) -> Iterator[None]:
    """As a program does that is in the middle of it, or one that was killed and whose end nobody has seen yet."""
    with psycopg.connect(os.environ["DATABASE_URL"], options=EVERY_CLINIC) as other:
        other.execute(f"SELECT FROM recovery_{table} WHERE id = %s FOR UPDATE", [row])
        yield
        other.rollback()


def two_red_flags() -> list[Assessment]:
    """Of two patients, owed to the team, the worse first."""
    team = factories.team()
    factories.member(team, password=None)
    for hour in (20, 21):
        device, _ = factories.phone(factories.episode(team))
        checkins.submit(device=device, submission=submission(hour, bladder="new_or_worse"), now=at(hour))
    Assessment.objects.update(next_attempt_at=None)
    return list(Assessment.objects.order_by("-tier", "id"))


def test_the_database_holds_one_open_alert_of_a_rule() -> None:
    alert = scenes.red_flag()
    with pytest.raises(IntegrityError), transaction.atomic():
        scenes.alert(alert.latest_assessment)


def test_the_database_holds_one_current_verdict_of_a_report() -> None:
    device, _ = factories.phone(factories.episode())
    checkins.submit(device=device, submission=submission(20), now=at(20))
    again = Assessment.objects.get()
    again.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        again.save(force_insert=True)


def test_who_is_at_a_message_keeps_nobody_from_the_next() -> None:
    first = scenes.red_flag(["Ben Okafor", "Ida Lund"])
    leads = scenes.planned(first)
    scenes.make_due()
    with somebody_holds("notification", leads[0]):
        held = claims.claim_next()
        assert held is not None
        assert held.ids == [leads[1]]
        assert claims.claim_next() is None


def test_who_is_at_a_report_keeps_nobody_from_the_next() -> None:
    first, second = two_red_flags()
    with somebody_holds("assessment", first.pk):
        assert alerts.flag_owed(limit=1, now=at(22)) == 1
    assert Assessment.objects.get(flagged_at__isnull=False) == second


def test_who_is_nudged_for_what_somebody_is_at_goes_on() -> None:
    first, _ = two_red_flags()
    with somebody_holds("assessment", first.pk):
        assert alerts.flag(assessment_id=first.pk, by="celery", now=at(22)) == []


def test_a_patient_whose_phone_is_reporting_keeps_no_other_silence_unseen() -> None:
    team = factories.team()
    reporting, silent = factories.episode(team), factories.episode(team)
    with somebody_holds("episode", reporting.pk):
        assert silence.judge_due(limit=10, now=at(12)) > 0
    assert set(Assessment.objects.values_list("episode", flat=True)) == {silent.pk}


def test_what_a_late_report_made_owed_is_judged_anew_by_the_watch(mailbox: Postbox) -> None:  # noqa: F811
    """The milder one of two came last: what was judged before it was known is wrong until somebody judges it again."""
    device, token = factories.phone(factories.episode())
    checkins.submit(device=device, submission=submission(30, pain_now=5), now=at(30))
    checkins.submit(device=factories.reload_phone(token), submission=submission(26, pain_now=2), now=at(31))
    assert Episode.objects.get().rejudge_from is not None

    watch.cycle(at(32))

    assert Episode.objects.get().rejudge_from is None
    judged = Assessment.objects.filter(is_current=True).latest("effective_at")
    assert "PAIN-UP" in {finding["rule"] for finding in judged.findings}


def test_the_database_holds_one_report_under_an_id_of_a_patients() -> None:
    device, _ = factories.phone(factories.episode())
    checkins.submit(device=device, submission=submission(20), now=at(20))
    again = CheckIn.objects.get()
    again.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        again.save(force_insert=True)


def test_what_came_between_reading_the_history_and_writing_the_verdict_is_seen(monkeypatch) -> None:
    """The other phone's report of two hours before, with a pain of four less."""
    device, token = factories.phone(factories.episode())
    judge, came_between = assessments.judge, [submission(24, pain_now=2)]

    def judge_as_the_other_comes(**given: Any) -> Any:
        while came_between:
            other = came_between.pop()
            checkins.submit(device=factories.reload_phone(token), submission=other, now=at(40))
        return judge(**given)

    monkeypatch.setattr(assessments, "judge", judge_as_the_other_comes)
    receipt = checkins.submit(device=device, submission=submission(26, pain_now=6), now=at(40))

    assert "PAIN-UP" in {finding["rule"] for finding in receipt.assessment.findings}


def test_what_joined_an_alert_meanwhile_is_not_ended_with_it() -> None:
    """Ben read it, and another report joined it before he closed it."""
    alert = scenes.red_flag()
    ben = User.objects.get()
    as_read = Alert.objects.get(pk=alert.pk)
    Alert.objects.update(latest_assessment=scenes.assessment(alert.episode))

    with pytest.raises(alerts.NotAllowed):
        moves.move(
            "close",
            as_read,
            now=scenes.NOW,
            by=ben,
            ended_at=scenes.NOW,
            ended_by=ben,
            outcome="seen",
            patient_contacted=True,
        )


def test_who_is_late_leaves_what_ran_out_to_whoever_comes() -> None:
    """Were it put off now, whoever comes for it would come in vain."""
    held = claims.claim(*scenes.planned(scenes.red_flag()))
    assert held is not None
    scenes.make_due()
    outcomes.failed_for_now(held, code="too late")

    assert claims.claim_next() is not None


def test_who_lost_a_claim_does_not_call_it_failed() -> None:
    held = claims.claim(*scenes.planned(scenes.red_flag()))
    assert held is not None
    scenes.make_due()
    other = claims.claim_next()
    assert other is not None
    outcomes.failed_for_good(held, code="too late", now=scenes.NOW)

    assert scenes.statuses() == ["sending"]


def escalating() -> list[Alert]:
    """Two alerts of two patients, of which a step is due and nothing else is."""
    found = [scenes.red_flag(), scenes.red_flag()]
    for alert in found:
        kept = policies.freeze(alert.team_id, Tier.EMERGENCY)
        Alert.objects.filter(pk=alert.pk).update(
            escalation=kept, lap_at=scenes.NOW, step=1, next_step_at=scenes.NOW
        )
    return found


def test_an_alert_that_somebody_is_at_keeps_no_other_from_its_step() -> None:
    first, second = escalating()
    with somebody_holds("alert", first.pk):
        assert escalation.fire_due(limit=1, now=at(31)) == 1
    assert Alert.objects.get(next_step_at=scenes.NOW) == first
    assert AlertEvent.objects.get(kind="escalated").alert == second


def test_when_nobody_acts_the_watch_tells_the_next(mailbox: Postbox) -> None:  # noqa: F811
    first, second = escalating()

    watch.cycle(at(31))

    assert set(AlertEvent.objects.filter(kind="escalated").values_list("alert", flat=True)) == {
        first.pk,
        second.pk,
    }
    assert {row.step.partition("-")[0] for row in Notification.objects.all()} == {"step"}
