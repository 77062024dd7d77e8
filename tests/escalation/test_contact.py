"""Acknowledged is not contacted: who has an alert and records no contact within the tier's limit is reminded; then the
alert goes back to the queue, and to escalation."""

from datetime import datetime, timedelta

import pytest

from recovery import alerts, watch
from recovery.clinical.tiers import Tier
from recovery.models import Alert, AlertEvent, Notification
from tests.escalation import scenes
from tests.escalation.scenes import Ward, later, reach, reload, take_on, told, turn
from tests.notifications.postbox import Postbox
from tests.operations.ward import kinds, report

pytestmark = pytest.mark.django_db

# (tier, contact by, minutes that the owner has after being reminded)
LIMITS = [(Tier.EMERGENCY, 15, 10), (Tier.SAME_DAY, 4 * 60, 30), (Tier.WITHIN_24H, 24 * 60, 120)]


@pytest.mark.hazard("HZ2.4")
@pytest.mark.parametrize(("tier", "by", "grace"), LIMITS)
def test_without_a_contact_the_owner_is_reminded_then_it_goes_back_to_the_queue_and_to_escalation(
    ward: Ward, tier: Tier, by: int, grace: int
):
    alert = scenes.red_flag(ward, tier)
    take_on(alert, ward.nils, 2)
    assert turn(by, seconds=-1) == 0

    turn(by)
    assert told(step="reminded-1") == {"Nils"}
    assert reload(alert).owner == ward.nils
    assert turn(by + grace, seconds=-1) == 0

    turn(by + grace)
    back = reload(alert)
    assert (back.status, back.owner, back.lap) == ("open", None, 2)
    assert told(step="step-0-2") == {"Ben"}
    assert kinds(alert)[-3:] == ["reminded", "given-back", "escalated"]


def test_given_back_the_steps_begin_anew_and_count_from_then(ward: Ward):
    alert = scenes.red_flag(ward)
    take_on(alert, ward.nils, 2)
    for minutes in (15, 25, 30, 40):
        assert turn(minutes) == 1

    assert scenes.steps(alert)[-3:] == ["step-0-2", "step-1-2", "step-2-2"]
    assert reload(alert).tier_at == later(), "it waits since it came"
    assert reload(alert).next_step_at == later(100)


def test_a_recorded_contact_ends_it(ward: Ward):
    alert = scenes.red_flag(ward)
    take_on(alert, ward.nils, 2)
    reach(alert, ward.nils, 10)

    assert reload(alert).next_step_at is None
    assert turn(24 * 60) == 0


def test_that_the_patient_was_not_reached_is_no_contact(ward: Ward):
    alert = scenes.red_flag(ward)
    take_on(alert, ward.nils, 2)
    reach(alert, ward.nils, 10, reached=False)

    turn(15)
    assert kinds(alert)[-1] == "reminded"


def test_contact_between_the_reminder_and_its_end_keeps_the_alert(ward: Ward):
    alert = scenes.red_flag(ward)
    take_on(alert, ward.nils, 2)
    turn(15)
    reach(alert, ward.nils, 24)

    assert turn(25) == 0
    assert reload(alert).owner == ward.nils


def test_a_contact_by_somebody_else_counts(ward: Ward):
    alert = scenes.red_flag(ward)
    take_on(alert, ward.nils, 2)
    reach(alert, ward.cora, 10)

    assert turn(60) == 0


def test_who_takes_it_on_late_has_a_while(ward: Ward):
    alert = scenes.red_flag(ward)
    turn(15)
    take_on(alert, ward.nils, 40)

    assert reload(alert).next_step_at == later(50)


def test_who_takes_it_over_has_a_while_too(ward: Ward):
    alert = scenes.red_flag(ward)
    take_on(alert, ward.nils, 2)
    turn(15)
    alerts.take_over(alert_id=alert.uuid, by=ward.cora, now=later(20))

    assert turn(25) == 0
    turn(30)
    assert told(step="reminded-2") == {"Cora"}


def test_a_contact_before_it_was_raised_does_not_count(ward: Ward):
    report(ward.ana, 30, **scenes.FEVER)
    alert = Alert.objects.get()
    take_on(alert, ward.nils, 2)
    reach(alert, ward.nils, 10)
    report(ward.ana, 31, **scenes.HIGH_FEVER)
    assert reload(alert).tier == Tier.EMERGENCY

    turn(60 + 15)
    assert kinds(alert)[-1] == "reminded"


def test_after_a_contact_that_followed_the_raise_nothing_is_due_for_who_takes_it_over(ward: Ward):
    report(ward.ana, 30, **scenes.FEVER)
    alert = Alert.objects.get()
    take_on(alert, ward.nils, 2)
    reach(alert, ward.nils, 10)
    report(ward.ana, 31, **scenes.HIGH_FEVER)
    reach(alert, ward.nils, 65, note="Rang again.")
    alerts.take_over(alert_id=alert.uuid, by=ward.cora, now=later(70))

    assert reload(alert).next_step_at is None


def test_the_reminder_says_so_and_is_dropped_when_contact_came_first(ward: Ward, mailbox: Postbox):
    alert = scenes.red_flag(ward)
    Notification.objects.update(status="dropped", followed_up_at=later())
    take_on(alert, ward.nils, 2)
    watch.cycle(later(15))
    [mail] = mailbox.mails
    assert mailbox.recipients == [ward.nils.email]
    assert "no contact with the patient is on record" in mail.text

    alerts.take_over(alert_id=alert.uuid, by=ward.cora, now=later(16))
    turn(26)
    reach(alert, ward.cora, 26)
    watch.cycle(later(26))
    assert len(mailbox.mails) == 1


def test_taken_on_again_it_remembers_when_it_was_first(ward: Ward):
    alert = scenes.red_flag(ward)
    take_on(alert, ward.nils, 2)
    turn(15)
    turn(25)
    take_on(alert, ward.cora, 26)

    now_is = reload(alert)
    assert (now_is.acknowledged_at, now_is.owned_since, now_is.owner) == (later(2), later(26), ward.cora)


def test_who_lost_it_can_take_it_on_again(ward: Ward):
    alert = scenes.red_flag(ward)
    take_on(alert, ward.nils, 2)
    turn(15)
    turn(25)

    assert take_on(alert, ward.nils, 26).owner == ward.nils


def test_the_history_says_why(ward: Ward):
    alert = scenes.red_flag(ward)
    take_on(alert, ward.nils, 2)
    turn(15)
    turn(25)

    event = alert.events.get(kind=AlertEvent.Kind.GIVEN_BACK)
    assert event.detail == {"why": "no contact", "from": str(ward.nils.uuid), "name": "Nils Holm"}
    reminder = alert.events.get(kind=AlertEvent.Kind.REMINDED)
    assert datetime.fromisoformat(reminder.detail["until"]) - reminder.at == timedelta(minutes=10)
