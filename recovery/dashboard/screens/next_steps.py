"""What happens next to an alert when nobody does anything, and when: its escalation, in words."""

from dataclasses import dataclass
from datetime import datetime

from recovery.dashboard.screens.place import Clock
from recovery.dashboard.wording import span
from recovery.escalation import schedule
from recovery.escalation.policy import LAST_RESORT, WORDS, Policy
from recovery.models import Alert


@dataclass(frozen=True, slots=True)
class Happens:
    """`at` is empty where it happens now."""

    at: str
    what: str


@dataclass(frozen=True, slots=True)
class NextSteps:
    """`until` says what stops it."""

    heading: str
    steps: list[Happens]
    until: str


def next_steps_of(alert: Alert, *, left: bool, owner: str, clock: Clock) -> NextSteps | None:
    """None where nothing is due. `left`: its owner has left the team; `owner`: who has it, as the reader calls them."""
    if alert.status not in Alert.LIVE or not schedule.is_followed(alert.tier):
        return None
    policy = schedule.policy_of(alert)
    if left:
        again = _at(clock, clock.now)
        return NextSteps("Nobody has this", [Happens(again, f"{_who(policy.steps[0].to)} told")], _TAKEN_ON)
    if alert.next_step_at is None:
        return None
    if alert.status == Alert.Status.ACKNOWLEDGED:
        return _of_owner(alert, policy, alert.next_step_at, owner, clock)
    return NextSteps(
        "If nobody takes this on", _of_nobody(alert, policy, alert.next_step_at, clock), _TAKEN_ON
    )


_TAKEN_ON = "until somebody takes it on"


def _of_nobody(alert: Alert, policy: Policy, due: datetime, clock: Clock) -> list[Happens]:
    lap_at = alert.lap_at or alert.tier_at
    steps = [
        Happens(_at(clock, lap_at + step.after), f"{_who(step.to)} told")
        for step in policy.steps[alert.step :]
    ]
    last_at = max(due, lap_at + policy.steps[-1].after)
    first_round = due if alert.step >= len(policy.steps) else last_at + policy.again
    steps.append(
        Happens(_at(clock, first_round), f"{_who(LAST_RESORT)} told, and again every {_every(policy)}")
    )
    return steps


def _of_owner(alert: Alert, policy: Policy, due: datetime, owner: str, clock: Clock) -> NextSteps:
    reminded = alert.step > 0
    back_at = due if reminded else due + policy.grace
    steps = [] if reminded else [Happens(_at(clock, due), f"{owner} reminded")]
    steps.append(
        Happens(
            _at(clock, back_at),
            f"it goes back to the queue, and {_who(policy.steps[0].to, first=False)} told",
        )
    )
    return NextSteps("If no contact with the patient is recorded", steps, "until the patient was reached")


def _who(words: tuple[str, ...], *, first: bool = True) -> str:
    said = " and ".join(WORDS[word] for word in words) or WORDS["team"]
    plural = len(words) > 1 or words == LAST_RESORT
    return f"{said[0].upper() if first else said[0]}{said[1:]} {'are' if plural else 'is'}"


def _every(policy: Policy) -> str:
    hours = policy.again.total_seconds() / 3600
    return "hour" if hours == 1 else span(policy.again)


def _at(clock: Clock, instant: datetime) -> str:
    return "" if instant <= clock.now else clock.moment(instant)
