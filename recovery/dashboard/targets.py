"""What is to be done next about an alert, and how long there is left for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

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
    """What is to be done next, and how long there is left for it."""

    words: str
    overdue: bool = False


def next_target(alert: Alert, now: datetime) -> Target:
    tier = Tier(alert.tier)
    if alert.status == Alert.Status.OPEN:
        return _due("Take on", TAKE_ON.get(tier), alert.tier_at, now)
    if alert.status != Alert.Status.ACKNOWLEDGED:
        return Target("Ended")
    if alert.contacted_at is not None:
        return Target("Patient reached. Close with an outcome")
    if tier is Tier.EMERGENCY:
        return Target("Patient not reached yet. Phone now", overdue=True)
    return _due("Reach the patient", REACH.get(tier), alert.tier_at, now)


def _due(what: str, within: timedelta | None, since: datetime, now: datetime) -> Target:
    if within is None:
        return Target(what)
    left = since + within - now
    if left < timedelta():
        return Target(f"{what}: {span(left)} overdue", overdue=True)
    return Target(f"{what} within {span(left)}" if left >= timedelta(minutes=1) else f"{what} now")
