"""Judging written cases: a procedure, a history and a check-in in one JSON object, and no database.

For rehearsing a protocol on cases that a clinician wrote, and for comparing it with another reading.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from recovery.clinical.assessment import Assessment, assess, assess_silence
from recovery.clinical.cases.parse import Case, parse
from recovery.clinical.cases.values import CaseError
from recovery.clinical.facts import Earlier
from recovery.clinical.problems import Problem
from recovery.clinical.protocol import Protocol

__all__ = ["Case", "CaseError", "judge", "judged", "parse", "read_cases"]


def read_cases(text: str) -> list[Any]:
    """The cases of a file: a list, one object, or an object that holds them as `scenarios` or `cases`."""
    try:
        raw = json.loads(text, object_pairs_hook=_no_twins, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise CaseError(f"file: {error}") from None
    if isinstance(raw, dict):
        raw = next((raw[key] for key in ("scenarios", "cases") if key in raw), [raw])
    if not isinstance(raw, list):
        raise CaseError("file: is neither a list of cases nor one case")
    return raw


def judge(raw: Any, protocol: Protocol, place: str) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """The result of one case, and the answers that could not be used. Raises CaseError."""
    case = parse(raw, protocol, place)
    assessment = judged(case, protocol)
    result = {
        "id": case.id,
        "rules": sorted(finding.rule for finding in assessment.findings),
        "tiers": {f.rule: f.tier.code for f in sorted(assessment.findings, key=lambda f: f.rule)},
        "urgency": assessment.tier.code,
    }
    return result, case.remarks


def judged(case: Case, protocol: Protocol) -> Assessment:
    if case.check_in is not None:
        return assess(
            protocol=protocol,
            procedure=case.procedure,
            baseline=case.baseline,
            history=[Earlier.of(report, case.procedure) for report in case.history],
            report=case.check_in,
        )
    assert case.now is not None
    return assess_silence(
        protocol=protocol,
        procedure=case.procedure,
        baseline=case.baseline,
        reports=case.history,
        now=case.now,
        excused=case.pauses,
        ended_at=case.ended_at,
    )


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"duplicate key {next(key for key in keys if keys.count(key) > 1)!r}")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")
