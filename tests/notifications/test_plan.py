from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from recovery.clinical.tiers import Tier
from recovery.models import Membership, Notification, User
from recovery.notifications.database_clock import DatabaseClock
from tests import factories
from tests.notifications import scenes

pytestmark = pytest.mark.django_db


def told() -> set[tuple[str, str]]:
    return set(Notification.objects.values_list("recipient__name", "alert__rule"))


@pytest.mark.parametrize("tier", [Tier.EMERGENCY, Tier.SAME_DAY])
def test_everybody_of_the_care_team_is_told_and_nobody_else(tier: Tier):
    team, _, _ = scenes.care_team()
    scenes.planned(scenes.alert(scenes.assessment(factories.episode(team)), tier=tier))

    assert told() == {("Ben Okafor", "CORD-BLADDER"), ("Dee Marsh", "CORD-BLADDER")}


@pytest.mark.parametrize("tier", [Tier.WITHIN_24H, Tier.ROUTINE])
def test_what_can_wait_stays_on_the_board(tier: Tier):
    team, _, _ = scenes.care_team()

    assert scenes.planned(scenes.alert(scenes.assessment(factories.episode(team)), tier=tier)) == []
    assert told() == set()


def test_who_left_the_team_or_may_not_sign_in_is_not_told():
    team, ben, dee = scenes.care_team()
    Membership.objects.filter(user=ben).update(ended_at=scenes.NOW)
    User.objects.filter(pk=dee.pk).update(is_active=False)
    factories.member(team, "Eve Lund", role="doctor")
    scenes.planned(scenes.alert(scenes.assessment(factories.episode(team))))

    assert told() == {("Eve Lund", "CORD-BLADDER")}


def test_a_team_without_anybody_is_an_error_that_is_said(caplog):
    alert = scenes.red_flag(recipients=())

    assert scenes.planned(alert) == []
    assert "nobody of the care team can be told" in caplog.text


@pytest.mark.hazard("HZ7.1")
def test_findings_of_one_check_in_leave_as_one_message_per_person_the_worst_first():
    team, ben, dee = scenes.care_team()
    found = scenes.assessment(factories.episode(team))
    same_day = scenes.alert(found, "BLEED-OOZE", Tier.SAME_DAY)
    leads = scenes.planned(same_day, scenes.alert(found))

    assert Notification.objects.count() == 4
    for person in (ben, dee):
        intents = Notification.objects.filter(recipient=person).order_by("pk")
        assert [intent.tier for intent in intents] == [Tier.EMERGENCY, Tier.SAME_DAY]
        assert len({intent.message_key for intent in intents}) == 1
    assert leads == [Notification.objects.filter(recipient=person).earliest("pk").pk for person in (ben, dee)]


def test_planning_again_changes_nothing():
    alert = scenes.red_flag(("Ben Okafor", "Dee Marsh"))
    scenes.planned(alert)
    before = list(Notification.objects.order_by("pk").values())

    assert scenes.planned(alert) == []
    assert list(Notification.objects.order_by("pk").values()) == before


def test_what_a_second_plan_adds_is_a_message_of_its_own():
    first = scenes.red_flag()
    scenes.planned(first)
    second = scenes.alert(first.latest_assessment, "UNASSESSED", Tier.SAME_DAY)

    (lead,) = scenes.planned(first, second)
    assert Notification.objects.get(pk=lead).alert == second
    assert len(set(Notification.objects.values_list("message_key", flat=True))) == 2


def test_the_database_holds_one_intent_per_alert_step_person_and_channel():
    scenes.planned(scenes.red_flag())
    intent = Notification.objects.get()
    intent.pk = None

    with pytest.raises(IntegrityError, match="told_once_per_step"), transaction.atomic():
        intent.save(force_insert=True)


def test_what_repeats_itself_on_an_alert_somebody_took_on_is_for_them_alone():
    team, ben, _ = scenes.care_team()
    alert = scenes.alert(scenes.assessment(factories.episode(team)))
    scenes.take_on(alert, ben)
    alert.refresh_from_db()

    scenes.planned(alert, step="repeat-7")
    assert told() == {("Ben Okafor", "CORD-BLADDER")}
    scenes.planned(alert, step="raised-emergency")
    assert told() == {("Ben Okafor", "CORD-BLADDER"), ("Dee Marsh", "CORD-BLADDER")}


def test_when_the_one_who_took_it_on_has_left_everybody_is_told():
    team, ben, _ = scenes.care_team()
    alert = scenes.alert(scenes.assessment(factories.episode(team)))
    scenes.take_on(alert, ben)
    alert.refresh_from_db()
    Membership.objects.filter(user=ben).update(ended_at=scenes.NOW)

    scenes.planned(alert, step="repeat-7")
    assert told() == {("Dee Marsh", "CORD-BLADDER")}


def test_the_watch_leaves_a_fresh_intent_to_the_nudge_but_does_not_wait_for_its_own():
    scenes.planned(scenes.red_flag(), road="celery")
    due = Notification.objects.filter(next_attempt_at__lte=DatabaseClock())
    assert not due.exists()

    Notification.objects.update(next_attempt_at=F("next_attempt_at") - timedelta(seconds=2))
    assert due.exists()
    scenes.planned(scenes.red_flag(), road="watch")
    assert due.count() == 2
