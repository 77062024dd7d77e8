"""Whether a finding says something worse than one that a clinician knows of (muting, specification 8)."""

from __future__ import annotations

from typing import Any

from recovery.clinical.assessment import Finding


def is_worse(finding: Finding, known: Finding) -> bool:
    """A higher tier, a clause that did not hold before, a number further out, or a code that was not there.

    Both must be of the same rule. What cannot be compared counts as worse.
    """
    if finding.tier > known.tier:
        return True
    before = {clause.what: clause.value for clause in known.clauses}
    return any(
        clause.what not in before or _beyond(clause.what, clause.value, before[clause.what])
        for clause in finding.clauses
    )


def _beyond(what: str, value: Any, before: Any) -> bool:
    if isinstance(value, dict) and isinstance(before, dict):  # a temperature
        return value.get("unit") != before.get("unit") or _beyond(
            what, value.get("value"), before.get("value")
        )
    if isinstance(value, list) and isinstance(before, list):
        return not set(value) <= set(before)
    if isinstance(value, bool) or isinstance(before, bool):
        return bool(value != before)
    if isinstance(value, int | float) and isinstance(before, int | float):
        if "hours" in what or " eq " in what:
            return False  # time passing by itself is nothing worse
        return value < before if " lt " in what or " le " in what else value > before
    return bool(value != before)
