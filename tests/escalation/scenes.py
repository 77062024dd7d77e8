"""A care team with everybody who can be named in a policy, Ana's red flags, and the watch's turns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from recovery import alerts, escalation
from recovery.clinical.tiers import Tier
from recovery.escalation import policy as policies
from recovery.escalation.policy import Policy
from recovery.models import (
    Alert,
    AlertEvent,
    CareTeam,
    DeviceToken,
    EscalationPolicy,
    Membership,
    Notification,
    RotaShift,
    User,
)
from tests import factories
from tests.factories import at
from tests.operations.ward import report

START = at(30)
"""When Ana reports."""

EMERGENCY = {"bladder": "new_or_worse"}
SAME_DAY = {"bleeding": "oozing"}
WITHIN_24H = {"cough": "new"}
FEVER, HIGH_FEVER = ({"temp": {"value": degrees, "unit": "C"}} for degrees in (38.5, 40.1))

OF_TIER: dict[Tier, dict[str, Any]] = {
    Tier.EMERGENCY: EMERGENCY,
    Tier.SAME_DAY: SAME_DAY,
    Tier.WITHIN_24H: WITHIN_24H,
}


@dataclass(frozen=True)
class Ward:
    """Ben is first on call, Cora second; Lea leads the team, Nils belongs to it; Dee administers another team of the
    clinic."""

    team: CareTeam
    ben: User
    cora: User
    lea: User
    nils: User
    dee: User
    ana: DeviceToken

    @property
    def everybody(self) -> set[str]:
        return {"Ben", "Cora", "Lea", "Nils"}


def ward(*, rota: bool = True) -> Ward:
    """Each in a clinic of its own."""
    team = factories.team()
    ben, cora, lea, nils = (
        factories.member(team, name, role, password=None)
        for name, role in (
            ("Ben Okafor", "nurse"),
            ("Cora Diaz", "doctor"),
            ("Lea Brandt", "doctor"),
            ("Nils Holm", "nurse"),
        )
    )
    other = factories.team(team.clinic, "Hip team")
    dee = factories.member(other, "Dee Marsh", "admin", password=None)
    factories.member(factories.team(factories.clinic("Other Clinic")), "Cleo Hart", "admin", password=None)
    if rota:
        Membership.objects.filter(user=lea).update(is_lead=True)
        on_call(team, ben)
        on_call(team, cora, level=RotaShift.Level.SECOND)
    return Ward(team, ben, cora, lea, nils, dee, factories.phone(factories.episode(team))[0])


def on_call(team: CareTeam, user: User, *, level: int = RotaShift.Level.FIRST) -> None:
    """Day and night, all week."""
    for weekday in range(7):
        RotaShift.objects.create(
            clinic=team.clinic,
            team=team,
            level=level,
            user=user,
            weekday=weekday,
            begins_min=0,
            lasts_min=24 * 60,
            created_at=factories.T0,
        )


def red_flag(of: Ward, tier: Tier = Tier.EMERGENCY) -> Alert:
    report(of.ana, 30, **OF_TIER[tier])
    return Alert.objects.get(episode=of.ana.episode_id, tier=tier, status__in=Alert.LIVE)


def later(minutes: float = 0, *, seconds: float = 0) -> datetime:
    return START + timedelta(minutes=minutes, seconds=seconds)


def turn(minutes: float = 0, *, seconds: float = 0) -> int:
    """The watch's, so long after Ana has reported."""
    return escalation.fire_due(limit=100, now=later(minutes, seconds=seconds))


def told(alert: Alert | None = None, *, step: str = "") -> set[str]:
    """Who was to be told, by first name: by a step, or by any."""
    rows = Notification.objects.filter(step=step) if step else Notification.objects.all()
    if alert is not None:
        rows = rows.filter(alert=alert)
    return {name.split()[0] for name in rows.values_list("recipient__name", flat=True)}


def steps(alert: Alert) -> list[str]:
    """What was planned, in order, each once."""
    names = alert.notifications.order_by("pk").values_list("step", flat=True)
    return list(dict.fromkeys(names))


def fired(alert: Alert) -> list[tuple[datetime, datetime]]:
    """When each step was due and when it was taken."""
    events = alert.events.filter(kind=AlertEvent.Kind.ESCALATED).order_by("pk")
    return [(datetime.fromisoformat(event.detail["due"]), event.at) for event in events]


def reload(alert: Alert) -> Alert:
    return Alert.objects.get(pk=alert.pk)


def take_on(alert: Alert, by: User, minutes: float) -> Alert:
    return alerts.acknowledge(alert_id=alert.uuid, by=by, now=later(minutes))


def reach(alert: Alert, by: User, minutes: float, *, reached: bool = True, note: str = "") -> Alert:
    return alerts.record_contact(
        alert_id=alert.uuid, by=by, reached=reached, by_what="phone", note=note, now=later(minutes)
    )


def leave(user: User) -> None:
    Membership.objects.filter(user=user, ended_at=None).update(ended_at=START)


def own_policy(
    team: CareTeam, by: User, steps: Iterable[tuple[float, Sequence[str]]], *, tier: Tier = Tier.EMERGENCY
) -> EscalationPolicy:
    """Of one tier, in minutes, as it is stored; not checked."""
    written: dict[Tier, Policy] = {
        **policies.DEFAULTS,
        tier: policies.policy_for(
            tier,
            [(timedelta(minutes=minutes), words) for minutes, words in steps],
            policies.DEFAULTS[tier].contact,
        ),
    }
    return EscalationPolicy.objects.create(
        clinic=team.clinic,
        team=team,
        version=EscalationPolicy.objects.filter(team=team).count() + 1,
        document=policies.document_of(written),
        created_at=START,
        created_by=by,
    )
