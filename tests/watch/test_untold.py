"""Whoever was to be told may fall away. What is asked in every turn is only what is still to be seen to."""

from collections.abc import Callable

import pytest

from recovery import alerts, watch
from recovery.clinical.tiers import Tier
from recovery.models import Alert, Membership, Notification, User
from recovery.notifications import delivery
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
    assert (mailbox.mails, still_to_be_seen_to()) == ([], 0)
    assert Alert.objects.get().told_at is None

    eve = factories.member(alert.team, "Eve Lind", password=None)
    watch.cycle(scenes.NOW)
    watch.cycle(scenes.NOW)

    assert mailbox.recipients == [eve.email]
    assert still_to_be_seen_to() == 0
    assert Alert.objects.get().told_at == scenes.NOW


def leave(person: User) -> None:
    Membership.objects.filter(user=person, ended_at=None).update(ended_at=scenes.NOW)


def lock_out(person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)


@pytest.mark.parametrize("goes", [leave, lock_out])
@pytest.mark.parametrize("joins", ["before", "after"])
def test_when_the_only_one_who_was_told_has_gone_whoever_joined_since_is_told(
    goes: Callable[[User], None], joins: str, mailbox: Postbox
) -> None:
    alert = scenes.red_flag()
    scenes.planned(alert)
    watch.cycle(scenes.NOW)
    ben = User.objects.get()
    assert mailbox.recipients == [ben.email]

    people = [] if joins == "after" else [factories.member(alert.team, "Eve Lind", password=None)]
    goes(ben)
    watch.cycle(scenes.NOW)
    people = people or [factories.member(alert.team, "Eve Lind", password=None)]
    for _ in range(3):
        watch.cycle(scenes.NOW)

    assert mailbox.recipients == [ben.email, people[0].email]
    assert Alert.objects.get().told_at == scenes.NOW
    assert not Membership.objects.filter(ended_at__isnull=False, followed_up_at=None).exists()


def test_who_was_told_and_left_is_missed_only_when_nobody_else_was_told(mailbox: Postbox) -> None:
    """One leaves and comes back, so that the other one can leave; at last both have gone."""
    alert = scenes.red_flag(("Ben Okafor", "Dee Marsh"))
    scenes.planned(alert)
    watch.cycle(scenes.NOW)
    ben, dee = User.objects.order_by("name")
    leave(ben)
    watch.cycle(scenes.NOW)
    Membership.objects.create(team=alert.team, user=ben, role="nurse")
    leave(dee)
    eve = factories.member(alert.team, "Eve Lind", password=None)
    watch.cycle(scenes.NOW)
    assert sorted(mailbox.recipients) == sorted([ben.email, dee.email])

    leave(ben)
    for _ in range(3):
        watch.cycle(scenes.NOW)

    assert mailbox.recipients[2:] == [eve.email]


def test_who_is_locked_out_twice_is_missed_the_second_time(mailbox: Postbox) -> None:
    alert = scenes.red_flag(("Ben Okafor", "Dee Marsh"))
    scenes.planned(alert)
    watch.cycle(scenes.NOW)
    ben, dee = User.objects.order_by("name")
    lock_out(ben)
    watch.cycle(scenes.NOW)
    User.objects.filter(pk=ben.pk).update(is_active=True)
    watch.cycle(scenes.NOW)
    leave(dee)
    watch.cycle(scenes.NOW)
    eve = factories.member(alert.team, "Eve Lind", password=None)
    lock_out(ben)
    for _ in range(2):
        watch.cycle(scenes.NOW)

    assert mailbox.recipients[2:] == [eve.email]


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


@pytest.mark.parametrize("owner_was_told", [False, True])
def test_when_who_took_it_on_leaves_before_the_others_were_told_they_are_told(
    owner_was_told: bool, mailbox: Postbox
) -> None:
    alert = scenes.red_flag(("Ben Okafor", "Dee Marsh"))
    scenes.planned(alert)
    ben, dee = User.objects.order_by("name")
    if owner_was_told:
        delivery.deliver_due(limit=1, road="watch", now=scenes.NOW)
        assert mailbox.recipients == [ben.email]
    scenes.take_on(alert, ben)
    watch.cycle(scenes.NOW)
    assert len(mailbox.mails) == owner_was_told

    Membership.objects.filter(user=ben).update(ended_at=scenes.NOW)
    for _ in range(3):
        watch.cycle(scenes.NOW)

    assert mailbox.recipients[owner_was_told:] == [dee.email]
    assert still_to_be_seen_to() == 0


def test_what_was_raised_while_nobody_could_be_told_is_told_as_urgent_as_it_is(mailbox: Postbox) -> None:
    alert = scenes.red_flag(tier=Tier.SAME_DAY)
    scenes.planned(alert)
    watch.cycle(scenes.NOW)
    assert scenes.statuses() == ["sent"]
    ben = User.objects.get()
    Membership.objects.update(ended_at=scenes.NOW)
    Alert.objects.update(tier=Tier.EMERGENCY)
    scenes.planned(alert, step="raised-emergency")
    assert Alert.objects.get().told_at is None

    Membership.objects.create(team=alert.team, user=ben, role="nurse")
    eve = factories.member(alert.team, "Eve Lind", password=None)
    for _ in range(3):
        watch.cycle(scenes.NOW)

    assert sorted(mailbox.recipients) == sorted([ben.email, ben.email, eve.email])
    assert set(Notification.objects.filter(tier=Tier.EMERGENCY).values_list("step", "status")) == {
        ("raised-emergency", "sent")
    }


def test_what_nobody_can_be_told_of_keeps_nobody_else_waiting(mailbox: Postbox) -> None:
    """However much of it there is, and however old."""
    alert = scenes.red_flag()
    Notification.objects.bulk_create(
        Notification(
            clinic=alert.clinic,
            alert=alert,
            step=f"repeat-{number}",
            recipient=User.objects.get(),
            channel="email",
            tier=alert.tier,
            planned_at=scenes.NOW,
            next_attempt_at=scenes.NOW,
            status="failed",
        )
        for number in range(1000)
    )
    Alert.objects.update(told_at=scenes.NOW)
    harbour = factories.team(factories.clinic("Harbour Clinic"), "Harbour team")
    cleo = factories.member(harbour, "Cleo Hart", password=None)
    scenes.planned(scenes.alert(scenes.assessment(factories.episode(harbour, name="Bo Lee"))))
    Membership.objects.filter(user=cleo).update(ended_at=scenes.NOW)
    watch.cycle(scenes.NOW)
    dan = factories.member(harbour, "Dan New", password=None)
    for _ in range(3):
        watch.cycle(scenes.NOW)

    assert mailbox.recipients == [dan.email]
    assert still_to_be_seen_to() == 0
