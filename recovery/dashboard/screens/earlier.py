"""Earlier alerts of the same rule and patient: whoever has met it before may have written down what it was."""

from dataclasses import dataclass
from uuid import UUID

from recovery import access
from recovery.clinical.tiers import Tier
from recovery.dashboard.screens.place import Clock, place_of
from recovery.models import Alert, AlertEvent, Episode, User

MOST = 10


@dataclass(frozen=True, slots=True)
class Earlier:
    """An alert that has ended: how urgent it was, what came of it, and what was written as it was closed."""

    id: UUID
    tier: Tier
    opened: str
    place: str
    ended: str
    noise: str
    note: str


@dataclass(frozen=True, slots=True)
class EarlierAlerts:
    """The latest first, and whether there were more."""

    alerts: list[Earlier]
    has_more: bool


def earlier_alerts_of(user: User, alert: Alert, clock: Clock) -> EarlierAlerts:
    """Two queries, however many there were."""
    same = access.alerts(user).filter(episode=alert.episode, rule=alert.rule, opened_at__lt=alert.opened_at)
    latest = same.select_related("ended_by", "first_assessment").order_by("-opened_at", "-pk")
    found = list(latest[: MOST + 1])
    closings = access.alert_events(user).filter(
        alert__in=[row.pk for row in found[:MOST]], kind=AlertEvent.Kind.CLOSED
    )
    notes = {event.alert_id: str(event.detail.get("note", "")) for event in closings}
    return EarlierAlerts(
        alerts=[_earlier(row, alert.episode, notes.get(row.pk, ""), clock) for row in found[:MOST]],
        has_more=len(found) > MOST,
    )


def _earlier(alert: Alert, episode: Episode, note: str, clock: Clock) -> Earlier:
    return Earlier(
        id=alert.uuid,
        tier=Tier(alert.tier),
        opened=clock.moment(alert.opened_at),
        place=place_of(episode, alert.first_assessment.effective_at).words,
        ended=_ended(alert, clock),
        noise=Alert.Noise(alert.noise).label.lower() if alert.noise else "",
        note=note,
    )


def _ended(alert: Alert, clock: Clock) -> str:
    if alert.ended_at is None:
        return "still open"
    if alert.ended_by is None:
        return "resolved itself"
    reached = "patient reached" if alert.patient_contacted else "patient not reached"
    return f"{Alert.Outcome(alert.outcome).label}, {reached} ({alert.ended_by.name}, {clock.moment(alert.ended_at)})"
