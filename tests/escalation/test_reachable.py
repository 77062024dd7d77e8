"""A step that names nobody but people who are known not to hear, or who can take no alert on, tells everybody of the
team."""

from datetime import timedelta

import pytest

from recovery import alerts
from recovery.clinical.tiers import Tier
from recovery.models import Membership
from tests.escalation import scenes
from tests.escalation.scenes import START, Ward, told, turn
from tests.rota.scenes import channel

pytestmark = pytest.mark.django_db

LONG_AGO = START - timedelta(hours=21)


def test_who_is_on_call_and_left_the_last_test_unanswered_does_not_keep_the_others_from_hearing(ward: Ward):
    channel(ward.team, ward.ben, tested_at=LONG_AGO)
    scenes.red_flag(ward)
    assert told(step="opened") == ward.everybody


@pytest.mark.parametrize(
    "fields", [{}, {"tested_at": START - timedelta(hours=1)}, {"tested_at": LONG_AGO, "answered_at": START}]
)
def test_who_may_hear_is_told_alone(ward: Ward, fields: dict[str, object]):
    channel(ward.team, ward.ben, **fields)
    scenes.red_flag(ward)
    assert told(step="opened") == {"Ben"}


def test_one_channel_that_works_is_enough_and_one_that_ended_counts_for_nothing(ward: Ward):
    channel(ward.team, ward.ben, tested_at=LONG_AGO)
    channel(ward.team, ward.ben, address="ben@pager.example")
    channel(ward.team, ward.cora, tested_at=LONG_AGO, ended_at=START)
    scenes.red_flag(ward)
    assert told(step="opened") == {"Ben"}
    turn(5)
    assert told(step="step-1") == {"Cora"}  # by the e-mail that she signs in with


@pytest.mark.parametrize("role", ["coordinator", "admin"])
def test_who_is_on_call_and_is_no_nurse_or_doctor_any_more_is_not_the_only_one_told(ward: Ward, role: str):
    alert = scenes.red_flag(ward, Tier.SAME_DAY)
    assert told(step="opened") == {"Ben"}
    Membership.objects.filter(user=ward.ben).update(role=role)
    with pytest.raises(alerts.NotAllowed, match="Only a nurse or a doctor"):
        scenes.take_on(alert, ward.ben, 20)

    turn(30)
    assert told(step="step-1") == ward.everybody


def test_a_lead_who_can_take_nothing_on_is_told_with_everybody(ward: Ward):
    Membership.objects.filter(user=ward.lea).update(role="admin")
    scenes.red_flag(ward, Tier.SAME_DAY)
    for minutes in (30, 60):
        turn(minutes)

    assert told(step="step-1") == {"Ben"}
    assert told(step="step-2") == ward.everybody


def test_beside_somebody_who_can_act_they_are_told_and_nobody_else(ward: Ward):
    Membership.objects.filter(user=ward.ben).update(role="coordinator")
    scenes.own_policy(ward.team, ward.dee, [(0, ["on-call", "second"])])
    scenes.red_flag(ward)

    assert told(step="opened") == {"Ben", "Cora"}
