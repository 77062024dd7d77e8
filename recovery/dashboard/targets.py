"""What is to be done next about an alert, and how long there is left for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from recovery import access
from recovery.alerts.targets import REACH, TAKE_ON
from recovery.clinical.tiers import Tier
from recovery.dashboard.wording import span
from recovery.models import Alert

ADVICE = {
    Tier.EMERGENCY: "Take on within 5 minutes and phone the patient at once.",
    Tier.SAME_DAY: "Take on within 30 minutes. Reach the patient within 4 hours.",
    Tier.WITHIN_24H: "Take on within 8 hours. Reach the patient within 24 hours.",
    Tier.ROUTINE: "Read on the next working day.",
}


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be done next, and by when. `words` are true at the instant of asking; the page turns them on."""

    words: str
    overdue: bool = False
    what: str = ""
    due_at: datetime | None = None


def next_target(alert: Alert, now: datetime) -> Target:
    """Of an alert that was read by `AlertQuerySet.with_owner`: one whose owner has left waits to be taken on."""
    if alert.status not in Alert.LIVE:
        return Target("Ended")
    status = Alert.Status.OPEN if access.has_left(alert) else alert.status
    if status == Alert.Status.ACKNOWLEDGED and alert.reached_at is not None:
        return Target("Patient reached. Close with an outcome")
    due_at = due(status, alert.tier, alert.tier_at, alert.reached_at)
    if status == Alert.Status.ACKNOWLEDGED and alert.tier == Tier.EMERGENCY:
        return Target("Patient not reached yet. Phone now", overdue=True, due_at=due_at)
    what = "Take on" if status == Alert.Status.OPEN else "Reach the patient"
    return Target(what) if due_at is None else _target(what, due_at, now)


def due(status: str, tier: int, tier_at: datetime, reached_at: datetime | None) -> datetime | None:
    """By when the next step is to be done; None when nobody waits for one."""
    if status == Alert.Status.ACKNOWLEDGED and reached_at is not None:
        return None
    left = within(status, Tier(tier))
    return None if left is None else tier_at + left


def within(status: str, tier: Tier) -> timedelta | None:
    """How long after the tier was reached the next step is due: to take it on, or to reach the patient. An emergency
    that was taken on is due at once."""
    if status == Alert.Status.OPEN:
        return TAKE_ON.get(tier)
    return timedelta() if tier == Tier.EMERGENCY else REACH.get(tier)


def _target(what: str, due_at: datetime, now: datetime) -> Target:
    left = due_at - now
    if left < timedelta():
        return Target(f"{what}: {span(left)} overdue", True, what, due_at)
    return Target(
        f"{what} within {span(left)}" if left >= timedelta(minutes=1) else f"{what} now", False, what, due_at
    )
