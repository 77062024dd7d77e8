"""Judging: one check-in with its past, or the silence of an episode, against a protocol (specification 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from recovery.clinical.conditions import View
from recovery.clinical.facts import Baseline, Case, Earlier, Procedure, Report, hours_between, in_utc
from recovery.clinical.findings import Finding, findings_of, urgency_of
from recovery.clinical.protocol import Protocol
from recovery.clinical.tiers import Tier
from recovery.clinical.timeline import Slot

__all__ = ["Assessment", "Finding", "Heard", "assess", "assess_running_silence", "assess_silence"]

Span = tuple[datetime, datetime | None]
"""From an instant until before another; without an end as long as it lasts."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """The verdict. `findings` highest tier first, then by rule; `notes` are ids of information texts."""

    protocol: str
    at: datetime
    hours: float
    phase: str
    slot: str | None
    clock_suspect: bool
    tier: Tier
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


def assess(
    *,
    protocol: Protocol,
    procedure: Procedure,
    baseline: Baseline | None,
    history: Sequence[Earlier],
    report: Report,
) -> Assessment:
    """Judge a check-in. `history` may hold any other check-ins of the episode, in any order."""
    case = Case.of(protocol, procedure, baseline, history, report)
    view = _view(case)
    findings = findings_of(protocol.check_in_rules, view)
    tier = urgency_of(findings)
    slot = protocol.slot_at(case.hours)
    return Assessment(
        protocol=protocol.version,
        at=case.at,
        hours=case.hours,
        phase=protocol.phase_at(case.hours).id,
        slot=slot.id if slot else None,
        clock_suspect=case.clock_suspect,
        tier=tier,
        findings=findings,
        notes=() if tier else tuple(i.id for i in protocol.information.values() if i.when(view)),
    )


@dataclass(frozen=True, slots=True)
class Heard:
    """What silence is measured against: the completed check-ins felt by an instant. How many, when the latest was felt,
    and its tier by these rules."""

    count: int = 0
    last_at: datetime | None = None
    last_tier: Tier | None = None


def assess_silence(
    *,
    protocol: Protocol,
    procedure: Procedure,
    baseline: Baseline | None,
    reports: Sequence[Report],
    now: datetime,
    excused: Sequence[Span] = (),
    ended_at: datetime | None = None,
) -> Assessment:
    """Judge at `now` which slots closed empty.

    `excused` are pauses [from, until), until None while one lasts: nothing fires during a pause, and slots
    that closed in one are not missed. `ended_at` None means the planned end of the protocol (`ends_h`); a
    later instant is an extension. Check-ins that stand later than `now` are not seen.
    """
    now = in_utc(now)
    end = in_utc(procedure.at) + timedelta(hours=protocol.ends_h) if ended_at is None else ended_at
    if now >= end:
        return _quiet(protocol, procedure, now, closed=_closed(protocol, procedure, now))
    seen = [(Earlier.of(report, procedure), report) for report in reports]
    seen = [(earlier, report) for earlier, report in seen if earlier.at <= now]
    completed = sorted(
        (pair for pair in seen if pair[0].completed), key=lambda pair: (pair[0].at, pair[0].id)
    )
    heard = Heard()
    if completed:
        last, report = completed[-1]
        history = [earlier for earlier, _ in seen]
        verdict = assess(
            protocol=protocol, procedure=procedure, baseline=baseline, history=history, report=report
        )
        heard = Heard(len(completed), last.at, verdict.tier)
    return assess_running_silence(
        protocol=protocol, procedure=procedure, heard=heard, now=now, excused=excused
    )


def assess_running_silence(
    *,
    protocol: Protocol,
    procedure: Procedure,
    heard: Heard,
    now: datetime,
    excused: Sequence[Span] = (),
) -> Assessment:
    """The same for an episode that was not over at `now`, from what was `heard` by then."""
    now, started_at = in_utc(now), in_utc(procedure.at)
    closed = _closed(protocol, procedure, now)
    if _paused(now, excused):
        return _quiet(protocol, procedure, now, closed=closed)
    last_h = None if heard.last_at is None else hours_between(started_at, heard.last_at)
    missed = [
        slot
        for slot in closed
        if (last_h is None or last_h < slot.open_h)
        and not (excused and _paused(started_at + timedelta(hours=slot.close_h), excused))
    ]
    findings = _silent(
        protocol,
        hours_between(started_at, now),
        len(missed),
        missed[-1].open_h if missed else None,
        heard.count,
        heard.last_tier if missed else None,
        procedure.risk_factors,
    )
    return _quiet(protocol, procedure, now, closed=closed, findings=findings)


@lru_cache(maxsize=4_096)
def _silent(
    protocol: Protocol,
    hours: float,
    missed_slots: int,
    latest_missed_open: float | None,
    completed_check_ins: int,
    latest_completed_tier: Tier | None,
    risk_factors: frozenset[str],
) -> tuple[Finding, ...]:
    """Kept, because thousands whose slot closes are silent in few ways."""
    facts: dict[str, Any] = {
        "hours": hours,
        "missed_slots": missed_slots,
        "latest_missed_open": latest_missed_open,
        "completed_check_ins": completed_check_ins,
        "latest_completed_tier": None if latest_completed_tier is None else latest_completed_tier.code,
    }
    return findings_of(protocol.timer_rules, View({}, facts, risk_factors, {}))


def _closed(protocol: Protocol, procedure: Procedure, now: datetime) -> list[Slot]:
    hours = hours_between(procedure.at, now)
    return [slot for slot in protocol.slots if slot.close_h <= hours]


def _quiet(
    protocol: Protocol,
    procedure: Procedure,
    now: datetime,
    *,
    closed: Sequence[Slot],
    findings: tuple[Finding, ...] = (),
) -> Assessment:
    hours = hours_between(procedure.at, now)
    return Assessment(
        protocol=protocol.version,
        at=now,
        hours=hours,
        phase=protocol.phase_at(hours).id,
        slot=closed[-1].id if closed else None,
        clock_suspect=False,
        tier=urgency_of(findings),
        findings=findings,
        notes=(),
    )


def _view(case: Case) -> View:
    facts = {fact.name: fact.of(case) for fact in case.protocol.check_in_facts}
    return View(case.answers, facts, case.procedure.risk_factors, {})


def _paused(at: datetime, pauses: Sequence[Span]) -> bool:
    return any(start <= at and (until is None or at < until) for start, until in pauses)
