"""The all-clear patient of specification section 10, and short ways to change what the patient reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from recovery.clinical.assessment import Assessment, assess, assess_silence
from recovery.clinical.facts import Baseline, Earlier, Procedure, Report
from recovery.clinical.protocol import Protocol, get

START = datetime(2026, 3, 2, 10, tzinfo=UTC)

ALL_CLEAR: Mapping[str, Any] = {
    "pain_now": 2, "pain_change": "same", "pain_where": ["treated_area"], "pain_controlled": "yes",
    "temp": {"value": 36.7, "unit": "C"}, "feels_feverish": "no", "rigors": "no", "cannot_move": "no",
    "weakness": "no", "weakness_where": [], "numbness": "no", "numbness_where": [], "bladder": "no", "bowel": "no",
    "breathing": "no", "chest_pain": "no", "cough": "no", "bleeding": "none", "bandage": "on_dry", "wound": [],
    "immersion": "no", "allergy": [], "calf": "no", "drowsy": "no", "confused": "no", "opioid_taken": "no",
    "drove": "no", "heavy_lifting": "no", "fall": "no", "mobility": "usual", "blood_thinner": "not_on",
    "free_text": "", "wants_call": "no",
}  # fmt: skip

BEFORE: Mapping[str, Any] = {
    "pain_now": 8, "pain_where": ["treated_area"], "temp": {"value": 36.6, "unit": "C"}, "mobility": "with_help",
    "weakness": "no", "numbness": "no", "bladder": "no", "bowel": "no", "breathing": "no",
}  # fmt: skip


def after(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def procedure(*risks: str, restart_h: float | None = None, latest_at: datetime | None = None) -> Procedure:
    return Procedure("vertebroplasty", START, frozenset(risks), restart_h, latest_at)


def before(**changes: Any) -> Baseline:
    return Baseline(after(-2), {**BEFORE, **changes})


def report(
    hours: float, *, received_h: float | None = None, completed: bool = True, id: str = "", **changes: Any
) -> Report:
    received_at = None if received_h is None else after(received_h)
    return Report(after(hours), {**ALL_CLEAR, **changes}, received_at, completed, id)


def celsius(value: float) -> dict[str, Any]:
    return {"value": value, "unit": "C"}


def fahrenheit(value: float) -> dict[str, Any]:
    return {"value": value, "unit": "F"}


def judge(
    check_in: Report,
    *past: Report,
    risks: Sequence[str] = (),
    baseline: Baseline | None = before(),  # noqa: B008  (frozen)
    restart_h: float | None = None,
    latest_at: datetime | None = None,
    protocol: Protocol | None = None,
) -> Assessment:
    done = procedure(*risks, restart_h=restart_h, latest_at=latest_at)
    return assess(
        protocol=protocol or get(),
        procedure=done,
        baseline=baseline,
        history=[Earlier.of(one, done) for one in past],
        report=check_in,
    )


def silence(
    now_h: float,
    *reports: Report,
    risks: Sequence[str] = (),
    protocol: Protocol | None = None,
    **options: Any,
) -> Assessment:
    return assess_silence(
        protocol=protocol or get(),
        procedure=procedure(*risks),
        baseline=before(),
        reports=reports,
        now=after(now_h),
        **options,
    )


def tiers(assessment: Assessment) -> dict[str, str]:
    """What fired, and at which tier."""
    return {finding.rule: finding.tier.code for finding in assessment.findings}
