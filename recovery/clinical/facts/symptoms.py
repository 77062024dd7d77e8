"""Facts about nerves, bladder, bowel and breathing: what `same` means, given what was told before (6.3)."""

from __future__ import annotations

from typing import Final

from recovery.clinical.facts.case import Case
from recovery.clinical.facts.records import PLACE_OF, SYMPTOMS
from recovery.clinical.facts.registry import Choice, Several, fact

MUST_BE_KNOWN: Final = frozenset({"saddle", "both_legs", "one_leg", "arm"})
"""Places at which a symptom called `same` has to be known already."""

COVERED_WITHOUT_PLACES: Final = frozenset({"one_leg", "arm"})
"""What a report or baseline that names no place stands for: never saddle or both legs."""

_RESOLVED = Choice(("no", "new_or_worse", "ongoing", "old", "unknown"))


def resolved(case: Case, item: str) -> str | None:
    """The answer itself, except `same`, which is one of these.

    new_or_worse: it names a place that no earlier report and no baseline covers; ongoing: an earlier
    check-in said new_or_worse; old: the baseline says present; unknown: neither.
    """
    answer: str | None = case.answers.get(item)
    if answer != "same":
        return answer
    if _names_unknown_place(case, item):
        return "new_or_worse"
    if _reported_earlier(case, item):
        return "ongoing"
    return "old" if case.baseline.get(item) == "present" else "unknown"


def _reported_earlier(case: Case, item: str) -> bool:
    return any(item in earlier.reported for earlier in case.earlier)


def _names_unknown_place(case: Case, item: str) -> bool:
    if item not in PLACE_OF:
        return False
    places: frozenset[str] = case.answers.get(PLACE_OF[item], frozenset())
    unknown = places & MUST_BE_KNOWN
    for earlier in case.earlier:
        if unknown and item in earlier.reported:
            unknown -= earlier.reported[item] or COVERED_WITHOUT_PLACES
    if unknown and case.baseline.get(item) == "present":
        unknown -= case.baseline.get(PLACE_OF[item]) or COVERED_WITHOUT_PLACES
    return bool(unknown)


@fact(_RESOLVED, "weakness")
def resolved_weakness(case: Case) -> str | None:
    """Weakness, with `same` resolved by what was told before."""
    return resolved(case, "weakness")


@fact(_RESOLVED, "numbness or tingling")
def resolved_numbness(case: Case) -> str | None:
    """Numbness, with `same` resolved by what was told before."""
    return resolved(case, "numbness")


@fact(_RESOLVED, "bladder trouble")
def resolved_bladder(case: Case) -> str | None:
    """Bladder trouble, with `same` resolved by what was told before."""
    return resolved(case, "bladder")


@fact(_RESOLVED, "bowel trouble")
def resolved_bowel(case: Case) -> str | None:
    """Bowel trouble, with `same` resolved by what was told before."""
    return resolved(case, "bowel")


@fact(_RESOLVED, "breathlessness")
def resolved_breathing(case: Case) -> str | None:
    """Breathlessness, with `same` resolved by what was told before."""
    return resolved(case, "breathing")


@fact(Several(SYMPTOMS), "already reported and called the same", always=True)
def ongoing_symptoms(case: Case) -> frozenset[str]:
    """Symptoms answered `same` that an earlier check-in reported as new or worse, whatever the place."""
    return frozenset(item for item in _called_same(case) if _reported_earlier(case, item))


@fact(Several(SYMPTOMS), "called the same, with no note of it", always=True)
def unknown_symptoms(case: Case) -> frozenset[str]:
    """Symptoms answered `same` that neither the baseline nor an earlier report knows, whatever the place."""
    return frozenset(
        item
        for item in _called_same(case)
        if case.baseline.get(item) != "present" and not _reported_earlier(case, item)
    )


def _called_same(case: Case) -> list[str]:
    return [item for item in SYMPTOMS if case.answers.get(item) == "same"]
