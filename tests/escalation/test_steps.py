"""Specification 2, "Team target": who is told when nobody acts, and when."""

import itertools
from datetime import timedelta

import pytest

from recovery import watch
from recovery.clinical.tiers import Tier
from recovery.models import Alert, Notification, RotaShift
from tests.escalation import scenes
from tests.escalation.scenes import Ward, later, reload, told, turn
from tests.notifications.postbox import Postbox
from tests.operations.ward import kinds, report

pytestmark = pytest.mark.django_db


@pytest.mark.hazard("HZ2.3")
def test_an_emergency_goes_to_whoever_is_on_call_then_to_the_second_then_to_everybody(ward: Ward):
    alert = scenes.red_flag(ward)
    assert told(step="opened") == {"Ben"}

    turn(5)
    assert told(step="step-1") == {"Cora"}
    turn(15)
    assert told(step="step-2") == ward.everybody
    assert reload(alert).status == "open"


def test_what_is_for_today_goes_to_whoever_is_on_call_again_then_to_the_lead(ward: Ward):
    scenes.red_flag(ward, Tier.SAME_DAY)
    assert told(step="opened") == {"Ben"}

    turn(30)
    assert told(step="step-1") == {"Ben"}
    turn(60)
    assert told(step="step-2") == {"Lea"}


def test_what_can_wait_a_day_is_told_after_eight_hours(ward: Ward):
    scenes.red_flag(ward, Tier.WITHIN_24H)
    turn(8 * 60, seconds=-1)
    assert told() == set()

    turn(8 * 60)
    assert told(step="step-0") == {"Ben"}


def test_what_is_routine_has_no_steps(ward: Ward):
    report(ward.ana, 30, fall="yes", cough="no")
    Alert.objects.update(tier=Tier.ROUTINE, next_step_at=None)

    assert turn(14 * 24 * 60) == 0


@pytest.mark.parametrize("tier", [Tier.EMERGENCY, Tier.SAME_DAY, Tier.WITHIN_24H])
def test_without_a_rota_each_step_tells_everybody_of_the_team(db: None, tier: Tier):
    ward = scenes.ward(rota=False)
    alert = scenes.red_flag(ward, tier)
    for minutes in (0, 5, 15, 30, 60, 8 * 60):
        turn(minutes)

    assert scenes.steps(alert)
    for step in scenes.steps(alert):
        assert told(step=step) >= ward.everybody


def test_a_gap_in_the_rota_tells_everybody(ward: Ward):
    RotaShift.objects.filter(level=RotaShift.Level.FIRST).update(ended_at=later())
    scenes.red_flag(ward)

    assert told(step="opened") == ward.everybody


@pytest.mark.hazard("HZ2.3")
def test_when_no_step_is_left_everybody_is_told_round_by_round_and_the_clinics_administrators(ward: Ward):
    alert = scenes.red_flag(ward)
    for minutes in (5, 15, 75, 135, 195):
        assert turn(minutes) == 1
        assert turn(minutes) == 0

    rounds = scenes.steps(alert)[3:]
    assert rounds == ["step-3-1", "step-3-2", "step-3-3"]
    for step in rounds:
        assert told(step=step) == ward.everybody | {"Dee"}
    assert reload(alert).next_step_at == later(255)


@pytest.mark.parametrize(("tier", "again_h"), [(Tier.EMERGENCY, 1), (Tier.SAME_DAY, 4), (Tier.WITHIN_24H, 8)])
def test_rounds_keep_to_the_limits_of_repeats(ward: Ward, tier: Tier, again_h: int):
    """C1: at most once an hour (emergency), or every four hours (same day)."""
    alert = scenes.red_flag(ward, tier)
    minute = 0
    for _ in range(6):
        minute = round((reload(alert).next_step_at - later()).total_seconds() / 60)
        turn(minute)

    taken = [at for _, at in scenes.fired(alert)][-3:]
    assert [second - first for first, second in itertools.pairwise(taken)] == [timedelta(hours=again_h)] * 2
    assert minute > 0


def test_a_step_is_not_taken_before_it_is_due(ward: Ward):
    alert = scenes.red_flag(ward)
    due = reload(alert).next_step_at

    assert due == later(5)
    assert turn(5, seconds=-0.000001) == 0
    assert turn(5) == 1


def test_who_takes_it_on_stops_the_steps(ward: Ward, mailbox: Postbox):
    alert = scenes.red_flag(ward)
    scenes.take_on(alert, ward.ben, 4)
    assert turn(5) == 0
    assert turn(15, seconds=-1) == 0

    assert scenes.steps(alert) == ["opened"]


def test_what_was_planned_is_not_sent_when_somebody_took_it_on_before_it_left(ward: Ward, mailbox: Postbox):
    alert = scenes.red_flag(ward)
    Notification.objects.update(status="dropped")
    turn(5)
    scenes.take_on(alert, ward.ben, 5)

    watch.cycle(later(5))

    assert mailbox.mails == []
    assert set(Notification.objects.filter(step="step-1").values_list("status", flat=True)) == {"dropped"}


def test_a_closed_alert_has_no_step(ward: Ward):
    from tests.operations.ward import close

    alert = scenes.red_flag(ward)
    close(alert, ward.ben, 30.05)

    assert reload(alert).next_step_at is None
    assert turn(24 * 60) == 0


def test_the_history_says_who_was_told_when_it_was_due_and_when_it_was_done(ward: Ward):
    alert = scenes.red_flag(ward)
    turn(5, seconds=3)

    event = alert.events.get(kind="escalated")
    assert (event.detail["step"], event.detail["to"]) == (1, ["second"])
    assert scenes.fired(alert) == [(later(5), later(5, seconds=3))]


def test_when_nobody_on_call_can_be_reached_everybody_else_is_told_at_once(ward: Ward, mailbox: Postbox):
    """F32: step 1 has no channel that works."""
    alert = scenes.red_flag(ward)
    mailbox.refuse = {ward.ben.email: "550 no such mailbox"}
    Notification.objects.update(next_attempt_at=later())
    watch.cycle(later())
    watch.cycle(later(seconds=2))
    watch.cycle(later(seconds=3))

    assert set(mailbox.recipients) == {ward.cora.email, ward.lea.email, ward.nils.email}
    assert "untold" in kinds(alert)


@pytest.mark.parametrize("why", ["refused", "left"])
def test_f32_when_a_step_reaches_nobody_the_next_one_does_not_wait(ward: Ward, mailbox: Postbox, why: str):
    alert = scenes.red_flag(ward)
    turn(5)
    if why == "left":
        scenes.leave(ward.cora)
    mailbox.refuse = {ward.cora.email: "550 no such mailbox"}
    Notification.objects.update(next_attempt_at=later())
    for seconds in (1, 2, 3):
        watch.cycle(later(5, seconds=seconds))

    there = ward.everybody - ({"Cora"} if why == "left" else set())
    assert told(step="step-2") == there
    assert {ward.lea.email, ward.nils.email} <= set(mailbox.recipients)
    assert reload(alert).next_step_at == scenes.fired(alert)[-1][1] + timedelta(hours=1)


def test_f32_a_round_that_reaches_nobody_waits_for_the_next(ward: Ward, mailbox: Postbox):
    alert = scenes.red_flag(ward)
    Notification.objects.update(status="dropped", followed_up_at=later())
    mailbox.refuse = {None: "550 no such mailbox"}
    turn(15)
    turn(75)
    Notification.objects.filter(status="waiting").update(next_attempt_at=later())
    for seconds in range(1, 6):
        watch.cycle(later(75, seconds=seconds))

    assert scenes.steps(alert)[-1] == "step-3-1"
    assert reload(alert).next_step_at == later(135)
    assert not Notification.objects.filter(status="failed", followed_up_at=None).exists()


def test_one_who_is_on_call_but_left_is_passed_over(ward: Ward):
    scenes.leave(ward.ben)
    scenes.red_flag(ward)

    assert told(step="opened") == ward.everybody - {"Ben"}


def test_a_message_says_neither_who_nor_what(ward: Ward, mailbox: Postbox):
    scenes.red_flag(ward, Tier.WITHIN_24H)
    turn(8 * 60)
    watch.cycle(later(8 * 60))

    [mail] = mailbox.mails
    assert mail.subject == "Item that waits: please sign in"
    assert not [word for word in ("Ana", "cough", "patient") if word in mail.text]
