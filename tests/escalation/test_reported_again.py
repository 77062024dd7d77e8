"""Who was reached and reports the same again waits for a call again: an alert that was left open asks for no less than
one that was closed would."""

import pytest

from recovery import access, alerts
from recovery.api import loop
from recovery.clinical.tiers import Tier
from recovery.dashboard.targets import next_target
from recovery.models import Alert, Notification, User
from recovery.notifications import delivery
from recovery.owed import counting
from tests.escalation import scenes
from tests.escalation.scenes import Ward, later, reach, red_flag, reload, take_on, turn
from tests.notifications.postbox import Postbox
from tests.operations.ward import kinds, report

pytestmark = pytest.mark.django_db

AGAIN_H, AGAIN_MIN = 50, 20 * 60
"""When Ana reports again, in hours since her procedure and minutes since her first report."""


@pytest.fixture
def alert(ward: Ward) -> Alert:
    """Nils took an emergency on and spoke with Ana."""
    alert = red_flag(ward)
    take_on(alert, ward.nils, 2)
    reach(alert, ward.nils, 10)
    return alert


def send(minutes: float) -> None:
    Notification.objects.filter(status="waiting").update(next_attempt_at=later(0))
    delivery.deliver_due(limit=50, road="watch", now=later(minutes), fresh=True)


def test_the_owner_is_told_and_is_to_call_again(ward: Ward, alert: Alert):
    report(ward.ana, AGAIN_H, **scenes.EMERGENCY)

    latest = Notification.objects.latest("pk")
    assert (latest.step[:6], latest.recipient) == ("repeat", ward.nils)
    seen = access.alerts(ward.nils).with_owner().get()
    assert next_target(seen, later(AGAIN_MIN)).words == "Patient not reached yet. Phone now"
    owed = {each.state.name for each in counting.everything(now=later(AGAIN_MIN)) if each.count}
    assert "alert-not-reached" in owed
    [patients] = loop.own_alerts(alert.episode, now=later(AGAIN_MIN))
    assert (patients.reached_at, patients.received_at) == (None, later(AGAIN_MIN))


def test_who_does_not_is_reminded_and_it_goes_to_the_others(ward: Ward, alert: Alert):
    report(ward.ana, AGAIN_H, **scenes.EMERGENCY)
    before = set(Notification.objects.values_list("pk", flat=True))

    for minutes in range(AGAIN_MIN, AGAIN_MIN + 60):
        turn(minutes)

    assert [kind for kind in kinds(alert) if kind in ("reminded", "given-back")] == ["reminded", "given-back"]
    others = Notification.objects.exclude(pk__in=before).exclude(recipient=ward.nils)
    assert others.exists()


def test_the_call_ends_it(ward: Ward, alert: Alert):
    report(ward.ana, AGAIN_H, **scenes.EMERGENCY)
    reach(alert, ward.nils, AGAIN_MIN + 5)

    assert reload(alert).reached_at == later(AGAIN_MIN + 5)
    assert turn(AGAIN_MIN + 24 * 60) == 0


def test_what_comes_before_that_call_puts_nothing_off(ward: Ward, alert: Alert):
    report(ward.ana, AGAIN_H, **scenes.EMERGENCY)
    due = reload(alert).next_step_at
    report(ward.ana, AGAIN_H + 0.2, **scenes.EMERGENCY)

    assert reload(alert).next_step_at == due


def test_what_was_felt_before_the_call_was_talked_about_in_it(ward: Ward, alert: Alert):
    report(ward.ana, 30.1, received=30.5, **scenes.EMERGENCY)

    assert reload(alert).reached_at == later(10)
    assert turn(24 * 60) == 0


def test_who_asks_for_a_call_again_is_called_again(ward: Ward):
    report(ward.ana, 30, wants_call="yes")
    alert = Alert.objects.get(rule="CALL-ME")
    take_on(alert, ward.nils, 10)
    reach(alert, ward.nils, 20)
    report(ward.ana, AGAIN_H, wants_call="yes")

    [patients] = [
        each for each in loop.own_alerts(alert.episode, now=later(AGAIN_MIN)) if each.id == alert.uuid
    ]
    assert patients.reached_at is None
    assert patients.call_due_by is not None
    assert sum(turn(AGAIN_MIN + hours * 60) for hours in range(60)) > 0


def test_an_owner_who_cannot_be_told_of_it_gives_it_back(ward: Ward, alert: Alert, mailbox: Postbox):
    send(10)
    User.objects.filter(pk=ward.nils.pk).update(email="no address")
    report(ward.ana, AGAIN_H, **scenes.EMERGENCY)
    send(AGAIN_MIN)
    before = set(Notification.objects.values_list("pk", flat=True))

    turn(AGAIN_MIN + 1)

    assert kinds(alert)[-2:] == ["given-back", "escalated"]
    others = Notification.objects.exclude(pk__in=before).exclude(recipient=ward.nils)
    assert others.exists()


def test_to_ask_a_colleague_keeps_no_repeat_from_the_owner(ward: Ward, mailbox: Postbox):
    """C1 counts from when the owner was told, which the colleague's being asked is not."""
    alert = red_flag(ward, Tier.SAME_DAY)
    send(0)
    take_on(alert, ward.nils, 2)
    alerts.ask(alert_id=alert.uuid, to=ward.cora.uuid, by=ward.nils, now=later(230))
    send(230)

    report(ward.ana, 34.1, **scenes.SAME_DAY)

    assert Notification.objects.filter(step__startswith="repeat", recipient=ward.nils).exists()
