"""What a policy must keep to, whoever writes it: refused with what is wrong, where, and what to write instead."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from recovery.clinical.tiers import Tier
from recovery.escalation.policy import TIERS, WORDS, Policy

MOST_STEPS = 6

APART = {
    Tier.EMERGENCY: timedelta(minutes=1),
    Tier.SAME_DAY: timedelta(minutes=5),
    Tier.WITHIN_24H: timedelta(minutes=30),
}
"""The least between two steps: somebody has to have the time to act."""

LAST_BY = {
    Tier.EMERGENCY: timedelta(minutes=30),
    Tier.SAME_DAY: timedelta(hours=4),
    Tier.WITHIN_24H: timedelta(hours=24),
}
"""The last step is no later: by then the patient is to have been reached (specification 2)."""

FIRST_BY = {Tier.EMERGENCY: timedelta(), Tier.SAME_DAY: timedelta(), Tier.WITHIN_24H: timedelta(hours=8)}

CONTACT = {
    Tier.EMERGENCY: (timedelta(minutes=5), timedelta(minutes=60)),
    Tier.SAME_DAY: (timedelta(minutes=30), timedelta(hours=4)),
    Tier.WITHIN_24H: (timedelta(hours=1), timedelta(hours=24)),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """`step` counts from 0; None is what holds for all of the tier. `field`: after, to, contact or steps."""

    tier: Tier
    step: int | None
    field: str
    text: str


def problems(policies: Mapping[Tier, Policy]) -> list[Problem]:
    return [problem for tier in TIERS for problem in _of_tier(tier, policies[tier])]


def _of_tier(tier: Tier, policy: Policy) -> Iterator[Problem]:
    steps = policy.steps
    if not steps:
        yield Problem(tier, None, "steps", "Write at least one step: somebody has to be told.")
        return
    if len(steps) > MOST_STEPS:
        yield Problem(tier, None, "steps", f"Write at most {MOST_STEPS} steps.")
    if steps[0].after > FIRST_BY[tier]:
        by = "at once: write 0" if not FIRST_BY[tier] else f"within {said(FIRST_BY[tier])}"
        yield Problem(tier, 0, "after", f"The first step of this tier is due {by}.")
    for number, step in enumerate(steps):
        if step.after < timedelta():
            yield Problem(tier, number, "after", "Write a number of minutes from 0.")
        if not step.to:
            yield Problem(tier, number, "to", "Choose who is told.")
        elif unknown := [word for word in step.to if word not in WORDS]:
            yield Problem(tier, number, "to", f"Choose among those named here, not {unknown[0]!r}.")
        if step.after > LAST_BY[tier]:
            yield Problem(
                tier, number, "after", f"Too late for this tier: {said(LAST_BY[tier])} at the most."
            )
    for number, (before, step) in enumerate(pairwise(steps), start=1):
        if step.after - before.after < APART[tier]:
            yield Problem(
                tier,
                number,
                "after",
                f"Write at least {said(APART[tier])} more than in the step before: somebody needs the time to act.",
            )
    if tier is Tier.EMERGENCY and not {"team", "clinic"} & {word for step in steps for word in step.to}:
        yield Problem(
            tier,
            len(steps) - 1,
            "to",
            "In an emergency everybody of the team is told at last: choose it here.",
        )
    low, high = CONTACT[tier]
    if not low <= policy.contact <= high:
        yield Problem(tier, None, "contact", f"Write {said(low)} to {said(high)}, in minutes.")


def said(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    if minutes >= 120 and minutes % 60 == 0:
        return f"{minutes // 60} hours ({minutes} minutes)"
    return f"{minutes} {'minute' if minutes == 1 else 'minutes'}"
