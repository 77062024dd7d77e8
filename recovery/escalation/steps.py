"""What a move of a colleague or a finding does to the steps of an alert. Called in the transaction that makes the move,
by whoever holds the alert."""

from datetime import datetime
from typing import Any

from recovery.clinical.tiers import Tier
from recovery.escalation import policies, schedule
from recovery.escalation.policy import read_tier
from recovery.models import Alert, AlertEvent


def opened(*, team_id: int, tier: Tier, now: datetime) -> dict[str, Any]:
    """The columns of an alert that opens. What is routine has no steps."""
    if not schedule.is_followed(tier):
        return {}
    kept = policies.freeze(team_id, tier)
    return {"escalation": kept} | schedule.opening(read_tier(kept, tier), now)


def raised(alert: Alert, *, now: datetime) -> dict[str, Any]:
    """The columns of an alert that reached this tier, or was reported again after a call, just now: its steps begin
    anew, under the policy that it was opened under. Its owner, if it has one, is to reach the patient again."""
    if not schedule.is_followed(alert.tier):
        return {}
    tier = Tier(alert.tier)
    kept = alert.escalation if tier.code in alert.escalation else policies.freeze(alert.team_id, tier)
    policy = read_tier(kept, tier)
    if alert.status == Alert.Status.ACKNOWLEDGED:
        return {"escalation": kept} | schedule.taken_on(alert, policy, now)
    return {"escalation": kept, "lap": alert.lap + 1} | schedule.opening(policy, now)


def taken_on(alert: Alert, *, now: datetime) -> None:
    """Somebody has it by now: nobody else is told. Where the patient was reached already, nothing is due any more."""
    if not schedule.is_followed(alert.tier):
        return
    columns = schedule.taken_on(alert, schedule.policy_of(alert), now)
    if patient_was_reached(alert):
        columns["next_step_at"] = None
    Alert.objects.filter(pk=alert.pk).update(**columns)
    for name, value in columns.items():
        setattr(alert, name, value)


def told_again(alert: Alert, *, now: datetime) -> None:
    due = schedule.after_repeat(alert, schedule.policy_of(alert), now)
    if due != alert.next_step_at:
        Alert.objects.filter(pk=alert.pk).update(next_step_at=due)


def patient_was_reached(alert: Alert) -> bool:
    """Since the alert reached its tier: what was said before that was about something milder."""
    if alert.contacted_at is None:
        return False
    if alert.reached_at is not None:
        return True
    reached = AlertEvent.objects.filter(
        alert=alert, kind=AlertEvent.Kind.CONTACTED, detail__reached=True, at__gte=alert.tier_at
    )
    return any(
        datetime.fromisoformat(detail["at"]) >= alert.tier_at if "at" in detail else True
        for detail in reached.values_list("detail", flat=True)
    )
