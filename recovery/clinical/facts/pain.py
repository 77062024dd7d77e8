"""Facts about pain: this score (N), the baseline (B), the previous (P) and the lowest (L) one."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from recovery.clinical.facts.case import Case
from recovery.clinical.facts.records import Earlier, hours_between
from recovery.clinical.facts.registry import Number, Several, fact
from recovery.clinical.facts.time import FOREVER_H

PREVIOUS_REACHES_BACK: Final = timedelta(hours=48)
RADIATING: Final = ("down_one_leg", "down_both_legs", "around_ribs")

_SCORE = Number(0, 10)
_CHANGE = Number(-10, 10)


@fact(_SCORE, "pain now")
def pain(case: Case) -> int | None:
    """N: the pain score of this check-in."""
    score: int | None = case.answers.get("pain_now")
    return score


@fact(_SCORE, "pain before the procedure")
def baseline_pain(case: Case) -> int | None:
    """B: the pain score of the baseline form."""
    score: int | None = case.baseline.get("pain_now")
    return score


@fact(_SCORE, "pain last time")
def previous_pain(case: Case) -> int | None:
    """P: the latest earlier score, if it was felt at most 48 hours before this check-in."""
    for earlier in reversed(case.earlier):
        if earlier.pain is not None:
            return earlier.pain if case.at - earlier.at <= PREVIOUS_REACHES_BACK else None
    return None


def _lowest(case: Case) -> Earlier | None:
    """The earliest of the earlier check-ins with the lowest score."""
    lowest: Earlier | None = None
    for earlier in case.earlier:
        if earlier.pain is not None and (lowest is None or lowest.pain is None or earlier.pain < lowest.pain):
            lowest = earlier
    return lowest


@fact(_SCORE, "lowest pain so far")
def lowest_pain(case: Case) -> int | None:
    """L: the lowest score of all earlier check-ins."""
    lowest = _lowest(case)
    return lowest.pain if lowest else None


@fact(Number(0, FOREVER_H, "h", whole=False), "hours since the lowest pain was first reported")
def hours_since_lowest(case: Case) -> float | None:
    """Hours since the earliest check-in that had the lowest score."""
    lowest = _lowest(case)
    return hours_between(lowest.at, case.at) if lowest else None


def _difference(higher: int | None, lower: int | None) -> int | None:
    return None if higher is None or lower is None else higher - lower


@fact(_CHANGE, "rise in pain since last time")
def rise_since_previous(case: Case) -> int | None:
    """N minus P."""
    return _difference(pain(case), previous_pain(case))


@fact(_CHANGE, "rise in pain over before the procedure")
def rise_since_baseline(case: Case) -> int | None:
    """N minus B."""
    return _difference(pain(case), baseline_pain(case))


@fact(_CHANGE, "rise in pain over the lowest so far")
def rise_since_lowest(case: Case) -> int | None:
    """N minus L."""
    return _difference(pain(case), lowest_pain(case))


@fact(_CHANGE, "relief at the lowest pain")
def relief_at_lowest(case: Case) -> int | None:
    """B minus L."""
    return _difference(baseline_pain(case), lowest_pain(case))


@fact(_CHANGE, "relief now")
def relief_now(case: Case) -> int | None:
    """B minus N."""
    return _difference(baseline_pain(case), pain(case))


@fact(Number(0, FOREVER_H), "rises in pain in a row", always=True)
def rising_run(case: Case) -> int:
    """How many times in a row, up to this check-in, a score was higher than the score before it."""
    score = pain(case)
    if score is None:
        return 0
    run = 0
    for earlier in reversed(case.earlier):
        if earlier.pain is None:
            continue
        if earlier.pain >= score:
            break
        run, score = run + 1, earlier.pain
    return run


@fact(Several(RADIATING), "pain newly running to", always=True)
def new_radiation(case: Case) -> frozenset[str]:
    """Places to which pain runs now (a leg, both legs, round the ribs) and did not before the procedure.

    Without a baseline every such place is new.
    """
    here: frozenset[str] = case.answers.get("pain_where", frozenset())
    before: frozenset[str] = case.baseline.get("pain_where", frozenset())
    return here.intersection(RADIATING) - before
