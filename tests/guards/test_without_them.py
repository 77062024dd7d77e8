"""What the guards do that nothing else shows by itself: in each of these tests somebody else is at a row, or the watch
is alone. Real commits, and a second connection."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import IntegrityError, transaction

from recovery import alerts, checkins, silence, watch
from recovery.models import Assessment, Episode
from recovery.notifications import claims
from tests import factories
from tests.factories import at, submission
from tests.notifications import scenes
from tests.notifications.conftest import mailbox  # noqa: F401 - a fixture
from tests.notifications.postbox import Postbox

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def somebody_holds(table: str, row: int) -> Iterator[None]:
    """As a program does that is in the middle of it, or one that was killed and whose end nobody has seen yet."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as other:
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
