"""When the next step of an alert is due. Pure: what an alert is, what it becomes; nothing is read or written here.

Steps are counted in laps. A lap begins when the alert opens, is raised, is taken on or over, or is given back; and with
every round once no step is left. So the name of a step, with its lap, is never given twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from recovery.clinical.tiers import Tier
from recovery.escalation.policy import LAST_RESORT, TIERS, Policy, read_tier
from recovery.models import Alert


@dataclass(frozen=True, slots=True)
class Move:
    """A step that is due, with what it leaves. `collapsed` are steps before it that were due as well, and are taken
    together with it: whoever they name is told, once."""

    step: int
    lap: int
    to: tuple[str, ...]
    collapsed: tuple[int, ...]
    columns: dict[str, Any]

    @property
    def name(self) -> str:
        return f"step-{self.step}-{self.lap}" if self.lap else f"step-{self.step}"


def policy_of(alert: Alert) -> Policy:
    """The one that it was opened under."""
    return read_tier(alert.escalation, Tier(alert.tier))


def opening(policy: Policy, now: datetime) -> dict[str, Any]:
    """The columns of an alert that opens, or was raised: its first step is taken with that, if it is due at once."""
    taken = int(policy.tells_at_once)
    return {"lap_at": now, "step": taken, "next_step_at": _due(policy, taken, lap_at=now, now=now)}


def given_back(policy: Policy, now: datetime) -> dict[str, Any]:
    """Of one that waited long enough: its first step is due now, whenever it would be of one that opens."""
    return {"lap_at": now - policy.steps[0].after, "step": 0, "next_step_at": now}


def taken_on(alert: Alert, policy: Policy, now: datetime) -> dict[str, Any]:
    """The owner is to reach the patient; and always has a while for it."""
    due = max(alert.tier_at + policy.contact, now + policy.grace)
    return {"lap": alert.lap + 1, "lap_at": now, "step": 0, "next_step_at": due}


def reminded(policy: Policy, now: datetime) -> dict[str, Any]:
    return {"step": 1, "next_step_at": now + policy.grace}


def due_move(alert: Alert, policy: Policy, now: datetime) -> Move:
    """Of an open alert whose next step is due."""
    lap_at = alert.lap_at or now
    last = max(
        (
            place
            for place in range(alert.step, len(policy.steps))
            if lap_at + policy.steps[place].after <= now
        ),
        default=min(alert.step, len(policy.steps)),
    )
    if last >= len(policy.steps):  # none is left: another round
        lap = alert.lap + 1
        columns = {"lap": lap, "lap_at": now, "step": len(policy.steps), "next_step_at": now + policy.again}
        return Move(len(policy.steps), lap, LAST_RESORT, (), columns)
    places = range(alert.step, last + 1)
    columns = {"step": last + 1, "next_step_at": _due(policy, last + 1, lap_at=lap_at, now=now)}
    return Move(last, alert.lap, words(policy, places), tuple(places[:-1]), columns)


def told_so_far(alert: Alert, policy: Policy) -> tuple[str, ...]:
    """Whom the steps that were taken name: they are told again when the patient reports again."""
    if alert.step >= len(policy.steps):
        return LAST_RESORT
    return words(policy, range(max(alert.step, 1)))


def after_repeat(alert: Alert, policy: Policy, now: datetime) -> datetime | None:
    """When everybody is told again, after they were told just now because the patient reported again: C1 holds for
    both. A step that is still to come is no repeat, and keeps its time."""
    if alert.next_step_at is None or alert.status != Alert.Status.OPEN or alert.step < len(policy.steps):
        return alert.next_step_at
    return max(alert.next_step_at, now + policy.again)


def words(policy: Policy, places: Sequence[int]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for place in places for word in policy.steps[place].to))


def is_followed(tier: int) -> bool:
    return tier >= min(TIERS)


def _due(policy: Policy, step: int, *, lap_at: datetime, now: datetime) -> datetime:
    if step < len(policy.steps):
        return lap_at + policy.steps[step].after
    return now + policy.again
