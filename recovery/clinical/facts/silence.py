"""Facts about silence, seen by a timer and not by a check-in (specification section 4 and 6.10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from recovery.clinical.facts.case import Case
from recovery.clinical.facts.registry import Choice, Fact, Number
from recovery.clinical.facts.time import FOREVER_H
from recovery.clinical.tiers import Tier


def _given(case: Case) -> Any:
    raise TypeError("the facts of silence are given by assess_silence, not derived from a check-in")


def _fact(name: str, kind: Number | Choice, words: str, definition: str, always: bool = False) -> Fact:
    return Fact(name, kind, words, definition, always, _given)


SILENCE_FACTS: Final[Mapping[str, Fact]] = {
    fact.name: fact
    for fact in (
        _fact("hours", Number(-FOREVER_H, FOREVER_H, "h", whole=False), "hours since the procedure",
              "Hours from the end of the procedure to now.", always=True),
        _fact("missed_slots", Number(0, 1000), "check-ins missed",
              "Slots that have closed since the latest completed check-in, not counting those that closed "
              "during a pause.", always=True),
        _fact("latest_missed_open", Number(-FOREVER_H, FOREVER_H, "h", whole=False),
              "hour at which the latest missed slot opened",
              "Opening hour of the latest missed slot; missing when none is missed."),
        _fact("completed_check_ins", Number(0, FOREVER_H), "check-ins completed so far",
              "Completed check-ins felt at or before now.", always=True),
        _fact("latest_completed_tier", Choice(tuple(tier.code for tier in Tier)),
              "tier of the latest completed check-in",
              "Urgency of the latest completed check-in, judged with its own history."),
    )
}  # fmt: skip
