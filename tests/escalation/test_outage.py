"""F19: the watch was away for an hour, or a night. What is stale collapses, the worst comes first, nobody is
flooded."""

from collections import Counter

import pytest

from recovery import checkins, escalation, watch
from recovery.clinical.tiers import Tier
from recovery.models import Alert, AlertEvent, Assessment, Episode, Notification
from tests import factories
from tests.escalation import scenes
from tests.escalation.scenes import Ward, later, reload, take_on, told, turn
from tests.notifications.postbox import Postbox

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("away", "step", "collapsed"), [(6, 1, []), (15, 2, [1]), (60, 2, [1]), (12 * 60, 2, [1])]
)
def test_f19_overdue_steps_are_taken_as_one_and_nobody_whom_they_name_is_left_out(
    ward: Ward, away: int, step: int, collapsed: list[int]
):
    alert = scenes.red_flag(ward)
    assert turn(away) == 1
    assert turn(away) == 0

    assert scenes.steps(alert) == ["opened", f"step-{step}"]
    assert told(step=f"step-{step}") == (ward.everybody if step == 2 else {"Cora"})
    event = alert.events.get(kind=AlertEvent.Kind.ESCALATED)
    assert event.detail["collapsed"] == collapsed


def test_f19_after_a_night_the_next_round_is_an_hour_off(ward: Ward):
    alert = scenes.red_flag(ward)
    turn(12 * 60)

    assert reload(alert).next_step_at == later(13 * 60)


def test_f19_rounds_that_were_missed_are_not_made_up_for(ward: Ward):
    alert = scenes.red_flag(ward)
    for minutes in (5, 15, 75):
        turn(minutes)
    turn(75 + 12 * 60)

    assert scenes.steps(alert)[-1] == "step-3-2"
    assert reload(alert).next_step_at == later(75 + 13 * 60)


def test_f19_a_reminder_that_is_late_leaves_its_owner_the_time_they_have(ward: Ward):
    alert = scenes.red_flag(ward)
    take_on(alert, ward.nils, 2)
    turn(120)
    assert reload(alert).owner == ward.nils

    assert turn(130, seconds=-1) == 0
    turn(130)
    assert reload(alert).status == "open"


@pytest.mark.hazard("HZ3.3")
def test_f19_the_worst_comes_first_then_what_waits_longest(db: None):
    wards = [scenes.ward() for _ in range(6)]
    tiers = [Tier.WITHIN_24H, Tier.EMERGENCY, Tier.SAME_DAY] * 2
    for ward, tier in zip(wards, tiers, strict=True):
        alert = scenes.red_flag(ward, tier)
        Alert.objects.filter(pk=alert.pk).update(next_step_at=later(60 - alert.pk % 50))
    for _ in tiers:
        escalation.fire_due(limit=1, now=later(24 * 60))

    taken = AlertEvent.objects.filter(kind=AlertEvent.Kind.ESCALATED).order_by("pk")
    order = [(-event.tier, event.detail["due"]) for event in taken]
    assert order == sorted(order)
    assert Counter(tier for tier, _ in order) == {-4: 2, -3: 2, -2: 2}


def test_f19_a_turn_takes_so_many_and_leaves_the_rest_to_the_next(db: None):
    for _ in range(4):
        scenes.red_flag(scenes.ward(), Tier.EMERGENCY)

    assert [escalation.fire_due(limit=3, now=later(5)) for _ in range(3)] == [3, 1, 0]


def test_f19_what_was_acknowledged_while_the_watch_was_away_is_not_told(ward: Ward, mailbox: Postbox):
    """The current state is read again before each message."""
    alert = scenes.red_flag(ward)
    Notification.objects.update(next_attempt_at=later())
    take_on(alert, ward.nils, 40)

    watch.cycle(later(60))

    told_of = [mail.recipients for mail in mailbox.mails if "take it on" in mail.text]
    assert told_of == []


def test_f19_what_was_closed_while_the_watch_was_away_is_told_to_nobody(ward: Ward, mailbox: Postbox):
    from tests.operations.ward import close

    alert = scenes.red_flag(ward)
    Notification.objects.update(next_attempt_at=later())
    close(alert, ward.nils, 30.5)

    watch.cycle(later(60))
    assert mailbox.mails == []


def test_f19_a_step_stands_behind_a_few_flaggings_and_not_behind_all_that_are_owed(
    ward: Ward, mailbox: Postbox
):
    scenes.red_flag(ward)
    for number in range(watch.AT_ONCE + 1):  # no nudge reached Celery
        phone, _ = factories.phone(factories.episode(ward.team, name=f"P {number}"))
        checkins.submit(device=phone, submission=factories.submission(30, **scenes.EMERGENCY), now=later())
    Assessment.objects.filter(flagged_at=None).update(next_attempt_at=None)
    Episode.objects.update(next_due_at=later(60))  # no silence is judged meanwhile
    done = watch.cycle(later(5))

    assert (done["flagged"], done["escalated"]) == (watch.AT_ONCE, 1)
    assert told(step="step-1") == {"Cora"}
