"""Whoever was to be told may fall away. What is asked in every turn is only what is still to be seen to."""

import pytest

from recovery import alerts, watch
from recovery.models import Alert, Membership, Notification, User
from tests import factories
from tests.notifications import scenes
from tests.notifications.postbox import Postbox

pytestmark = pytest.mark.django_db


def still_to_be_seen_to() -> int:
    return Notification.objects.filter(status__in=["failed", "dropped"], followed_up_at=None).count()


def test_what_is_dropped_because_somebody_took_the_alert_on_is_seen_to_once(mailbox: Postbox) -> None:
    alert = scenes.red_flag()
    scenes.planned(alert)
    ben = Membership.objects.get(team=alert.team, role="nurse").user
    alerts.acknowledge(alert_id=alert.uuid, by=ben, now=scenes.NOW)
    watch.cycle(scenes.NOW)
    assert set(Notification.objects.values_list("status", flat=True)) == {"dropped"}

    watch.cycle(scenes.NOW)
    assert still_to_be_seen_to() == 0
    assert mailbox.mails == []


def test_when_all_have_left_whoever_joins_is_told(mailbox: Postbox) -> None:
    alert = scenes.red_flag(("Ben Okafor", "Dee Marsh"))
    scenes.planned(alert)
    Membership.objects.filter(team=alert.team).update(ended_at=scenes.NOW)
    for _ in range(3):
        watch.cycle(scenes.NOW)
    assert (mailbox.mails, still_to_be_seen_to()) == ([], 2)

    eve = factories.member(alert.team, "Eve Lind", password=None)
    watch.cycle(scenes.NOW)
    watch.cycle(scenes.NOW)

    assert mailbox.recipients == [eve.email]
    assert still_to_be_seen_to() == 0
    assert Alert.objects.get().told_at == scenes.NOW


def test_two_who_fall_away_at_the_same_moment_are_both_seen_to(mailbox: Postbox) -> None:
    """Neither of two senders sees what the other one drops."""
    alert = scenes.red_flag(("Ben Okafor", "Dee Marsh"))
    scenes.planned(alert)
    Membership.objects.filter(team=alert.team).update(ended_at=scenes.NOW)
    Notification.objects.update(status="dropped")
    factories.member(alert.team, "Eve Lind", password=None)
    watch.cycle(scenes.NOW)

    assert len(mailbox.mails) == 1


def test_who_left_and_came_back_is_told(mailbox: Postbox) -> None:
    alert = scenes.red_flag()
    scenes.planned(alert)
    ben = Membership.objects.get(team=alert.team).user
    Membership.objects.filter(user=ben).update(ended_at=scenes.NOW)
    watch.cycle(scenes.NOW)
    assert scenes.statuses() == ["dropped"]

    Membership.objects.create(team=alert.team, user=ben, role="doctor")
    watch.cycle(scenes.NOW)
    watch.cycle(scenes.NOW)

    assert mailbox.recipients == [ben.email]
    assert scenes.statuses() == ["sent"]
    assert still_to_be_seen_to() == 0


def test_who_was_locked_out_for_a_while_is_told_once(mailbox: Postbox) -> None:
    scenes.planned(scenes.red_flag())
    User.objects.update(is_active=False)
    for _ in range(3):
        watch.cycle(scenes.NOW)
    assert mailbox.mails == []

    User.objects.update(is_active=True)
    for _ in range(3):
        watch.cycle(scenes.NOW)

    assert len(mailbox.mails) == 1
