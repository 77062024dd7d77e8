"""The alerts of one patient, the open ones first, with what happened to each."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, Prefetch

from recovery import access
from recovery.clinical.tiers import Tier
from recovery.dashboard.screens.finding import because, finding_of
from recovery.dashboard.screens.history import Event, events_of
from recovery.dashboard.screens.place import Clock, place_of
from recovery.dashboard.targets import next_target
from recovery.models import Alert, Episode, User

MOST = 60
"""Alerts on the page: every open one, then the latest that have ended."""
MOST_EVENTS = 30
"""Events shown of each, the latest; the alert's own page has them all."""


@dataclass(frozen=True, slots=True)
class AlertStory:
    id: UUID
    name: str
    tier: Tier
    is_live: bool
    opened: str
    place: str
    because: list[str]
    state: str
    target: str
    overdue: bool
    events: list[Event]
    has_more: bool


def alerts_of(user: User, episode: Episode) -> list[Alert]:
    """Two queries. The open ones first, the most urgent at the top."""
    latest = access.alert_events(user).select_related("by", "assessment").order_by("-id")[: MOST_EVENTS + 1]
    return list(
        access.alerts(user)
        .filter(episode=episode)
        .with_owner()
        .select_related("ended_by", "latest_assessment", "first_assessment")
        .prefetch_related(Prefetch("events", queryset=latest, to_attr="latest_events"))
        .order_by(F("ended_at").desc(nulls_first=True), "-tier", "tier_at", "id")[:MOST]
    )


def story_of(alert: Alert, episode: Episode, user: User, clock: Clock) -> AlertStory:
    finding, target = finding_of(alert), next_target(alert, clock.now)
    events = getattr(alert, "latest_events", [])[::-1]
    return AlertStory(
        id=alert.uuid,
        name=finding.name,
        tier=Tier(alert.tier),
        is_live=alert.status in Alert.LIVE,
        opened=clock.moment(alert.opened_at),
        place=place_of(episode, alert.first_assessment.effective_at).words,
        because=because(finding),
        state=_state(alert, user, clock),
        target=target.words if alert.status in Alert.LIVE else "",
        overdue=target.overdue,
        events=events_of(events[-MOST_EVENTS:], episode=episode, clock=clock),
        has_more=len(events) > MOST_EVENTS,
    )


def _state(alert: Alert, user: User, clock: Clock) -> str:
    if alert.ended_at is not None:
        ended = clock.moment(alert.ended_at)
        if alert.ended_by is None:
            return f"Resolved itself at {ended}."
        return f"Closed by {alert.ended_by.name} at {ended}: {Alert.Outcome(alert.outcome).label.lower()}."
    if alert.owner is None:
        return "Nobody has taken this on."
    if access.has_left(alert):
        return f"{alert.owner.name} had it and has left the team: nobody has it now."
    who = "You have" if alert.owner_id == user.pk else f"{alert.owner.name} has"
    reached = f" Patient reached {clock.moment(alert.reached_at)}." if alert.reached_at else ""
    since = f" since {clock.moment(alert.owned_since)}" if alert.owned_since else ""
    return f"{who} this{since}.{reached}"
