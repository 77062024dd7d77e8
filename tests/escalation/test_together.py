"""F29: what belongs together leaves together; something worse tells again; the same again keeps to the limits (C1)."""

import pytest

from recovery import alerts, watch
from recovery.clinical.tiers import Tier
from recovery.models import Alert, Notification
from tests.escalation import scenes
from tests.escalation.scenes import Ward, later, reload, take_on, told, turn
from tests.notifications.postbox import Postbox
from tests.operations.ward import report

pytestmark = pytest.mark.django_db

TWO = {"bladder": "new_or_worse", "chest_pain": "yes"}


def test_f29_the_findings_of_one_check_in_are_told_together_at_every_step(ward: Ward, mailbox: Postbox):
    report(ward.ana, 30, **TWO)
    assert Alert.objects.filter(tier=Tier.EMERGENCY).count() >= 2
    Notification.objects.update(next_attempt_at=later())
    for minutes in (0, 5, 15):
        watch.cycle(later(minutes))

    assert mailbox.recipients.count(ward.cora.email) == 2
    assert len(mailbox.mails) == 1 + 1 + 4
    for mail in mailbox.mails:
        assert all(str(alert.uuid) in mail.text for alert in Alert.objects.filter(tier=Tier.EMERGENCY))


def test_f29_whoever_one_of_them_is_for_gets_them_all_the_worst_first(ward: Ward, mailbox: Postbox):
    scenes.own_policy(ward.team, ward.lea, [(0, ["lead"]), (5, ["team"])])
    report(ward.ana, 30, bladder="new_or_worse", bleeding="oozing")
    Notification.objects.update(next_attempt_at=later())
    watch.cycle(later())

    assert set(mailbox.recipients) == {ward.lea.email, ward.ben.email}
    assert set(mailbox.subjects) == {"Urgent item: please sign in"}
    assert len(mailbox.mails) == 2


def test_f29_what_was_taken_on_is_left_out_of_the_next_step(ward: Ward):
    report(ward.ana, 30, **TWO)
    first, second = Alert.objects.filter(tier=Tier.EMERGENCY).order_by("pk")[:2]
    take_on(first, ward.ben, 3)

    turn(5)
    assert scenes.steps(first) == ["opened"]
    assert scenes.steps(second) == ["opened", "step-1"]


@pytest.mark.parametrize("minutes", [3, 20, 100])
def test_f29_something_worse_tells_again_and_its_steps_begin_anew(ward: Ward, minutes: int):
    report(ward.ana, 30, **scenes.FEVER)
    alert = Alert.objects.get()
    for each in (30, 60):
        if each < minutes:
            turn(each)
    report(ward.ana, 30 + minutes / 60, **scenes.HIGH_FEVER)

    assert told(step="raised-emergency") == {"Ben"}
    assert reload(alert).next_step_at == later(minutes + 5)
    turn(minutes + 5)
    turn(minutes + 15)
    assert told(step="step-1-1") == {"Cora"}
    assert told(step="step-2-1") == ward.everybody


def test_f29_something_worse_is_told_to_its_owner_and_to_whoever_is_on_call(ward: Ward, mailbox: Postbox):
    report(ward.ana, 30, **scenes.FEVER)
    alert = Alert.objects.get()
    Notification.objects.update(status="dropped", followed_up_at=later())
    take_on(alert, ward.nils, 2)
    report(ward.ana, 31, **scenes.HIGH_FEVER)
    Notification.objects.filter(status="waiting").update(next_attempt_at=later())
    watch.cycle(later(60))

    assert set(mailbox.recipients) == {ward.nils.email, ward.ben.email}
    assert turn(74) == 0
    assert reload(alert).next_step_at == later(75), "its owner is to reach the patient again"


def test_f29_what_was_routine_and_becomes_urgent_has_steps(ward: Ward):
    report(ward.ana, 30, **scenes.WITHIN_24H)
    alert = Alert.objects.get()
    Alert.objects.update(tier=Tier.ROUTINE, escalation={}, lap_at=None, next_step_at=None)
    report(ward.ana, 31, cough="blood")
    Alert.objects.filter(pk=alert.pk).exclude(tier=Tier.ROUTINE).get()

    assert reload(alert).next_step_at is not None
    assert reload(alert).escalation


def test_f29_the_same_again_is_told_to_whom_the_steps_have_named_so_far(ward: Ward):
    alert = scenes.red_flag(ward)
    turn(5)
    turn(15)
    report(ward.ana, 31.25, **scenes.EMERGENCY)

    [step] = [step for step in scenes.steps(alert) if step.startswith("repeat")]
    assert told(step=step) >= ward.everybody


def test_c1_the_same_again_within_the_hour_is_not_told(ward: Ward):
    alert = scenes.red_flag(ward)
    turn(5)
    turn(15)
    for minutes in (16, 30, 74):
        report(ward.ana, 30 + minutes / 60, **scenes.EMERGENCY)

    assert scenes.steps(alert) == ["opened", "step-1", "step-2"]


def test_c1_a_round_and_what_is_reported_again_keep_an_hour_between_them(ward: Ward):
    alert = scenes.red_flag(ward)
    for minutes in (5, 15):
        turn(minutes)
    report(ward.ana, 30 + 75 / 60, **scenes.EMERGENCY)  # just before the watch's turn
    assert scenes.steps(alert)[-1].startswith("repeat")
    assert told(step=scenes.steps(alert)[-1]) == ward.everybody | {"Dee"}

    assert turn(75) == 0
    assert reload(alert).next_step_at == later(135)
    assert turn(135) == 1


def test_c1_steps_that_are_still_to_come_keep_their_time(ward: Ward):
    alert = scenes.red_flag(ward, Tier.SAME_DAY)
    Alert.objects.update(told_at=None)
    report(ward.ana, 30 + 20 / 60, **scenes.SAME_DAY)

    assert scenes.steps(alert)[-1].startswith("repeat")
    assert reload(alert).next_step_at == later(30)


def test_a_mute_of_the_rule_does_not_stop_the_steps_of_what_is_open(ward: Ward):
    alert = scenes.red_flag(ward, Tier.SAME_DAY)
    alerts.mute(alert_id=alert.uuid, until=later(60 * 24), reason="Known ooze.", by=ward.nils, now=later(1))

    assert turn(30) == 1
