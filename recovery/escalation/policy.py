"""Whom an alert is told to, and when, until somebody acts: the policy of one tier. Pure, but for a word in the log.

A policy is a document, tier by tier: steps (so many seconds after the tier was reached, these people), how long a
contact with the patient may take, how long its owner has when that was too long, and after how long everybody is told
again when no step is left. The defaults are the team targets of specification 2, and its limits of repeats (C1).
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from recovery.clinical.tiers import Tier

log = logging.getLogger(__name__)

WORDS = {
    "on-call": "whoever is on call",
    "second": "the second on call",
    "lead": "the lead of the team",
    "team": "everybody of the team",
    "clinic": "everybody of the team and the clinic's administrators",
}
"""Who can be told, from the fewest to the most. A word that stands for nobody stands for the team, and the team, when
it is empty, for the clinic."""

LAST_RESORT = ("clinic",)
"""The clinic's default: who is told, round by round, when no step is left and nobody has acted."""

TIERS = (Tier.EMERGENCY, Tier.SAME_DAY, Tier.WITHIN_24H)
"""Those that somebody has to act on. What is routine is read on the next working day."""

C1 = {Tier.EMERGENCY: timedelta(hours=1), Tier.SAME_DAY: timedelta(hours=4)}
"""While an alert is open the same is told again at most this often (clearing policy C1)."""

AGAIN = C1 | {Tier.WITHIN_24H: timedelta(hours=8)}
GRACE = {
    Tier.EMERGENCY: timedelta(minutes=10),
    Tier.SAME_DAY: timedelta(minutes=30),
    Tier.WITHIN_24H: timedelta(hours=2),
}
"""What the owner of an alert always has: after taking it on, and again after being reminded."""


def _seconds(length: timedelta) -> int:
    return int(length.total_seconds())


@dataclass(frozen=True, slots=True)
class Step:
    """`after` is counted from when the tier was reached, or the steps began anew."""

    after: timedelta
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Of one tier."""

    steps: tuple[Step, ...]
    contact: timedelta
    grace: timedelta
    again: timedelta

    @property
    def tells_at_once(self) -> bool:
        return not self.steps[0].after

    def to_document(self) -> dict[str, Any]:
        return {
            "steps": [{"after_s": _seconds(step.after), "to": list(step.to)} for step in self.steps],
            "contact_s": _seconds(self.contact),
            "grace_s": _seconds(self.grace),
            "again_s": _seconds(self.again),
        }


def policy_for(tier: Tier, steps: Iterable[tuple[timedelta, Sequence[str]]], contact: timedelta) -> Policy:
    """With what a care team does not choose."""
    return Policy(tuple(Step(after, tuple(to)) for after, to in steps), contact, GRACE[tier], AGAIN[tier])


def _minutes(minutes: float, *to: str) -> tuple[timedelta, tuple[str, ...]]:
    return timedelta(minutes=minutes), to


DEFAULTS: Mapping[Tier, Policy] = {
    Tier.EMERGENCY: policy_for(
        Tier.EMERGENCY,
        [_minutes(0, "on-call"), _minutes(5, "second"), _minutes(15, "team", "lead")],
        timedelta(minutes=15),
    ),
    Tier.SAME_DAY: policy_for(
        Tier.SAME_DAY,
        [_minutes(0, "on-call"), _minutes(30, "on-call"), _minutes(60, "lead")],
        timedelta(hours=4),
    ),
    Tier.WITHIN_24H: policy_for(Tier.WITHIN_24H, [_minutes(8 * 60, "on-call")], timedelta(hours=24)),
}


def document_of(policies: Mapping[Tier, Policy]) -> dict[str, Any]:
    return {tier.code: policies[tier].to_document() for tier in TIERS}


DEFAULT_DOCUMENT = document_of(DEFAULTS)


def read(document: Mapping[str, Any] | None) -> dict[Tier, Policy]:
    """Every tier, the default where the document does not tell or cannot be read: nobody may wait for ever because
    something was stored wrongly."""
    return {tier: read_tier(document or {}, tier) for tier in TIERS}


def read_tier(document: Mapping[str, Any], tier: Tier) -> Policy:
    if tier.code not in document:
        return DEFAULTS[tier]
    try:
        stored = document[tier.code]
        steps = tuple(
            Step(timedelta(seconds=each["after_s"]), tuple(word for word in each["to"] if word in WORDS))
            for each in stored["steps"]
        )
        policy = Policy(
            steps, *(timedelta(seconds=stored[f"{name}_s"]) for name in ("contact", "grace", "again"))
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        log.error(
            "an escalation policy (%s) cannot be read, the default holds: %s", tier.code, type(error).__name__
        )
        return DEFAULTS[tier]
    if not steps or policy.again <= timedelta():
        log.error("an escalation policy (%s) has no steps, the default holds", tier.code)
        return DEFAULTS[tier]
    return policy


def frozen(document: Mapping[str, Any] | None, tier: Tier) -> dict[str, Any]:
    """What an alert that opens at this tier keeps: it can be raised, but never falls."""
    whole = document or DEFAULT_DOCUMENT
    return {each.code: whole.get(each.code, DEFAULT_DOCUMENT[each.code]) for each in TIERS if each >= tier}
