"""F36: policies are edited and deleted, and people leave, while an alert runs. At every step somebody is told, or it is
said that nobody can be."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from recovery import watch
from recovery.clinical.tiers import Tier
from recovery.dashboard.screens.history import events_of
from recovery.dashboard.screens.place import Clock
from recovery.models import Alert, Membership, Notification, User
from tests import factories
from tests.escalation import scenes
from tests.escalation.scenes import Ward, later, own_policy, reload, take_on, told, turn
from tests.notifications.postbox import Postbox
from tests.operations.ward import kinds

pytestmark = pytest.mark.django_db

MINUTES = (5, 15, 75, 135)


@pytest.mark.parametrize("before", range(4))
def test_f36_an_alert_keeps_the_policy_that_it_was_opened_under(ward: Ward, before: int):
    own_policy(ward.team, ward.lea, [(0, ["lead"]), (2, ["second"]), (4, ["team"])])
    alert = scenes.red_flag(ward)
    assert told(step="opened") == {"Lea"}

    for number, minutes in enumerate((2, 4, 64, 124)):
        if number == before:
            own_policy(ward.team, ward.lea, [(0, ["on-call"]), (25, ["team"])])
        assert turn(minutes) == 1

    assert [told(alert, step=step) for step in ("step-1", "step-2")] == [{"Cora"}, ward.everybody]
    assert [due for due, _ in scenes.fired(alert)] == [later(minutes) for minutes in (2, 4, 64, 124)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("before", range(4))
def test_f36_a_deleted_policy_ends_nothing(ward: Ward, before: int, as_owner: Callable[[str], None]):
    own_policy(ward.team, ward.lea, [(0, ["lead"]), (2, ["second"]), (4, ["team"])])
    alert = scenes.red_flag(ward)

    for number, minutes in enumerate((2, 4, 64, 124)):
        if number == before:
            as_owner("DELETE FROM recovery_escalationpolicy")
        assert turn(minutes) == 1

    assert told(alert, step="step-1") == {"Cora"}


@pytest.mark.parametrize(
    "stored",
    [{}, {"emergency": None}, {"emergency": {"steps": []}}, {"emergency": {"steps": [7]}}],
)
def test_f36_an_alert_whose_policy_cannot_be_read_is_told_by_the_default(ward: Ward, stored: dict[str, Any]):
    alert = scenes.red_flag(ward)
    Alert.objects.update(escalation=stored)

    for minutes in MINUTES:
        assert turn(minutes) == 1
    assert told(alert, step="step-1") == {"Cora"}


@pytest.mark.parametrize("leaves", ["ben", "cora", "lea", "nils"])
@pytest.mark.parametrize("before", range(5))
def test_f36_whoever_leaves_before_any_step_somebody_is_told_at_each(ward: Ward, leaves: str, before: int):
    gone: User = getattr(ward, leaves)
    alert = None
    for number, minutes in enumerate((0, *MINUTES)):
        if number == before:
            scenes.leave(gone)
        if alert is None:
            alert = scenes.red_flag(ward)
        else:
            assert turn(minutes) == 1
        of_step = Notification.objects.filter(step=scenes.steps(alert)[-1])
        names = {name.split()[0] for name in of_step.values_list("recipient__name", flat=True)}
        assert names, f"nobody at minute {minutes}"
        assert number < before or gone.name.split()[0] not in names


def test_f36_when_everybody_has_left_the_clinics_administrators_are_told(ward: Ward, mailbox: Postbox):
    alert = scenes.red_flag(ward)
    Membership.objects.filter(team=ward.team).update(ended_at=later(1))
    watch.cycle(later(5))
    watch.cycle(later(5, seconds=1))

    assert told(step="step-1") == {"Dee"}
    [mail] = mailbox.mails
    assert mailbox.recipients == [ward.dee.email]
    assert "another care team of your clinic" in mail.text
    assert str(alert.uuid) not in mail.text, "they may not see it"
    assert "/escalation" in mail.text


def test_f36_who_joins_after_everybody_left_is_told_at_once(ward: Ward, mailbox: Postbox):
    """That an administrator of another team was told does not count."""
    scenes.red_flag(ward)
    Membership.objects.filter(team=ward.team).update(ended_at=later(1))
    watch.cycle(later(5))
    ola = factories.member(ward.team, "Ola Lind", password=None)
    watch.cycle(later(5, seconds=2))
    watch.cycle(later(5, seconds=3))

    assert mailbox.recipients == [ward.dee.email, ola.email]


def test_f36_where_nobody_at_all_is_left_it_is_said_and_tried_again(
    ward: Ward, caplog: pytest.LogCaptureFixture
):
    alert = scenes.red_flag(ward)
    Membership.objects.update(ended_at=later(1))
    assert turn(5) == 1

    assert "nobody of the care team can be told" in caplog.text
    Membership.objects.filter(user=ward.nils).update(ended_at=None)
    turn(15)
    assert told(alert, step="step-2") == {"Nils"}


@pytest.mark.parametrize("tier", [Tier.EMERGENCY, Tier.SAME_DAY, Tier.WITHIN_24H])
@pytest.mark.parametrize("was_reached", [False, True])
def test_f36_when_who_took_it_on_leaves_it_goes_back_at_once(ward: Ward, tier: Tier, was_reached: bool):
    alert = scenes.red_flag(ward, tier)
    take_on(alert, ward.nils, 2)
    if was_reached:
        scenes.reach(alert, ward.nils, 3)
    assert turn(4) == 0
    scenes.leave(ward.nils)

    assert turn(4, seconds=1) == 1
    assert reload(alert).status == "open"
    assert told(step="step-0-2") == {"Ben"}
    assert alert.events.get(kind="given-back").detail["why"] == "left"
    assert turn(4, seconds=2) == 0


@pytest.mark.parametrize("role", ["coordinator", "admin"])
@pytest.mark.parametrize("was_reached", [False, True])
def test_f36_when_who_took_it_on_can_take_nothing_on_any_more_it_goes_back_at_once(
    ward: Ward, role: str, was_reached: bool
):
    alert = scenes.red_flag(ward, Tier.SAME_DAY)
    take_on(alert, ward.nils, 2)
    if was_reached:
        scenes.reach(alert, ward.nils, 3)
    Membership.objects.filter(user=ward.nils).update(role=role)

    assert turn(4) == 1
    assert reload(alert).status == "open"
    assert told(step="step-0-2") == {"Ben"}
    (back,) = events_of(
        [alert.events.get(kind="given-back")],
        episode=alert.episode,
        clock=Clock(later(4), ZoneInfo("Europe/London")),
    )
    assert back.what.endswith("Nils Holm is no nurse or doctor of the team any more")
    assert turn(4, seconds=1) == 0


def test_f36_who_becomes_a_doctor_keeps_it(ward: Ward):
    alert = scenes.red_flag(ward)
    take_on(alert, ward.nils, 2)
    Membership.objects.filter(user=ward.nils).update(role="doctor")

    assert turn(3) == 0
    assert reload(alert).owner == ward.nils


def test_f36_who_is_locked_out_counts_as_gone(ward: Ward):
    alert = scenes.red_flag(ward)
    take_on(alert, ward.nils, 2)
    User.objects.filter(pk=ward.nils.pk).update(is_active=False)

    turn(3)
    assert reload(alert).status == "open"


def test_an_alert_of_an_older_version_of_the_service_is_taken_up(ward: Ward):
    """One that was opened without steps, while this version was being rolled out."""
    alert = scenes.red_flag(ward)
    Alert.objects.update(escalation={}, lap_at=None, step=0, next_step_at=None)

    assert turn(60) == 0
    assert reload(alert).next_step_at == later(65)
    turn(65)
    assert told(step="step-1") == {"Cora"}


def test_so_is_one_that_somebody_had_taken_on(ward: Ward):
    alert = scenes.red_flag(ward)
    take_on(alert, ward.nils, 2)
    Alert.objects.update(escalation={}, lap_at=None, step=0, next_step_at=None)
    turn(60)

    assert reload(alert).next_step_at == later(70)
    turn(70)
    assert kinds(alert)[-1] == "reminded"


def test_what_an_older_version_takes_on_or_closes_is_told_to_nobody(ward: Ward):
    """While this version is being rolled out: it leaves the steps as they were."""
    taken, closed = scenes.red_flag(ward), scenes.red_flag(scenes.ward())
    Alert.objects.filter(pk=taken.pk).update(status="acknowledged", owner=ward.nils, acknowledged_at=later(2))
    Alert.objects.filter(pk=closed.pk).update(
        status="closed", ended_at=later(2), ended_by=ward.nils, outcome="seen", patient_contacted=True
    )

    assert turn(5) == 2
    assert [scenes.steps(alert) for alert in (taken, closed)] == [["opened"]] * 2
    assert reload(taken).next_step_at == later(15)
    assert reload(closed).next_step_at is None
    turn(15)
    assert kinds(taken)[-1] == "reminded"


def test_a_step_that_cannot_be_taken_keeps_nobody_else_waiting(
    ward: Ward, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    from recovery.escalation import firing

    poisoned = scenes.red_flag(ward)
    other = scenes.ward()
    sound = scenes.red_flag(other, Tier.SAME_DAY)
    Alert.objects.update(next_step_at=later(5))
    taken = firing._take

    def raising(alert: Alert, *rest: object, **named: object) -> None:
        if alert.pk == poisoned.pk:
            raise ArithmeticError("pain 9")
        taken(alert, *rest, **named)

    monkeypatch.setattr(firing, "_take", raising)
    assert turn(30) == 1

    assert sound.events.filter(kind="escalated").exists()
    assert "ArithmeticError" in caplog.text
    assert "pain 9" not in caplog.text
    assert reload(poisoned).next_step_at == later(5), "it stays owed"
