"""What administrators of a clinic are told of teams that they do not belong to: that something waits, not what."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min

from recovery import access
from recovery.clinical.tiers import Tier
from recovery.models import Alert, Membership, User


@dataclass(frozen=True, slots=True)
class Unattended:
    """A care team with alerts that nobody has taken on, of which this administrator was told."""

    team: str
    phone: str
    tier: Tier
    since: datetime
    alerts: int


def unattended(user: User) -> list[Unattended]:
    """The most urgent first. Neither patients nor rules are named: those are for the team."""
    clinics = access.memberships(user).filter(role=Membership.Role.ADMIN).values("team__clinic")
    rows = (
        Alert.objects.filter(status=Alert.Status.OPEN, clinic__in=clinics, notifications__recipient=user)
        .exclude(team__in=access.teams(user))
        .values_list("team__name", "team__clinic__team_phone")
        .annotate(worst=Max("tier"), since=Min("tier_at"), alerts=Count("pk", distinct=True))
        .order_by("-worst", "since")
    )
    return [Unattended(team, phone, Tier(worst), since, alerts) for team, phone, worst, since, alerts in rows]
