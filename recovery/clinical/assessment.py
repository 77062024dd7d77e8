"""Judging: one check-in with its past, or the silence of an episode, against a protocol (specification 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from recovery.clinical.conditions import Clause, View, explain
from recovery.clinical.facts import Baseline, Case, Earlier, Procedure, Report, hours_between, in_utc
from recovery.clinical.protocol import Protocol, Rule
from recovery.clinical.tiers import Tier


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that held, with the clauses that made it hold."""

    rule: str
    name: str
    tier: Tier
    clears: str
    clauses: tuple[Clause, ...]

    def to_document(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "name": self.name,
            "tier": self.tier.code,
            "clears": self.clears,
            "clauses": [clause.to_document() for clause in self.clauses],
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Finding:
        return cls(
            rule=document["rule"],
            name=document["name"],
            tier=Tier.of(document["tier"]),
            clears=document["clears"],
            clauses=tuple(Clause.from_document(clause) for clause in document["clauses"]),
        )


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
    findings = _findings(protocol.check_in_rules, view)
    tier = _urgency(findings)
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


def assess_silence(
    *,
    protocol: Protocol,
    procedure: Procedure,
    baseline: Baseline | None,
    reports: Sequence[Report],
    now: datetime,
    excused: Sequence[tuple[datetime, datetime | None]] = (),
    ended_at: datetime | None = None,
) -> Assessment:
    """Judge at `now` which slots closed empty.

    `excused` are pauses [from, until), until None while one lasts: nothing fires during a pause, and slots
    that closed in one are not missed. `ended_at` None means the planned end of the protocol (`ends_h`); a
    later instant is an extension. Check-ins that stand later than `now` are not seen.
    """
    now, started_at = in_utc(now), in_utc(procedure.at)
    hours = hours_between(started_at, now)
    seen = [(Earlier.of(report, procedure), report) for report in reports]
    seen = [(earlier, report) for earlier, report in seen if earlier.at <= now]
    completed = sorted(
        (pair for pair in seen if pair[0].completed), key=lambda pair: (pair[0].at, pair[0].id)
    )
    closed = [slot for slot in protocol.slots if slot.close_h <= hours]
    last_h = hours_between(started_at, completed[-1][0].at) if completed else None
    missed = [
        slot
        for slot in closed
        if (last_h is None or last_h < slot.open_h)
        and not _paused(started_at + timedelta(hours=slot.close_h), excused)
    ]
    end = started_at + timedelta(hours=protocol.ends_h) if ended_at is None else ended_at
    findings: tuple[Finding, ...] = ()
    if now < end and not _paused(now, excused):
        facts: dict[str, Any] = {
            "hours": hours,
            "missed_slots": len(missed),
            "latest_missed_open": missed[-1].open_h if missed else None,
            "completed_check_ins": len(completed),
            "latest_completed_tier": None,
        }
        if missed and completed:
            history = [earlier for earlier, _ in seen]
            facts["latest_completed_tier"] = assess(
                protocol=protocol,
                procedure=procedure,
                baseline=baseline,
                history=history,
                report=completed[-1][1],
            ).tier.code
        findings = _findings(protocol.timer_rules, View({}, facts, procedure.risk_factors, {}))
    return Assessment(
        protocol=protocol.version,
        at=now,
        hours=hours,
        phase=protocol.phase_at(hours).id,
        slot=closed[-1].id if closed else None,
        clock_suspect=False,
        tier=_urgency(findings),
        findings=findings,
        notes=(),
    )


def _view(case: Case) -> View:
    facts = {fact.name: fact.of(case) for fact in case.protocol.check_in_facts}
    return View(case.answers, facts, case.procedure.risk_factors, {})


def _findings(rules: Sequence[Rule], view: View) -> tuple[Finding, ...]:
    """Every rule that holds, in the order of the document, because a rule may look at an earlier one."""
    findings = [_finding(rule, view) for rule in rules if rule.when.holds(view)]
    return tuple(sorted(findings, key=lambda finding: (-finding.tier, finding.rule)))


def _finding(rule: Rule, view: View) -> Finding:
    branch = rule.branch_for(view)
    tier, clauses = branch.tier, list(explain(rule.when.node, view))
    if branch.when is not None:
        clauses += explain(branch.when.node, view)
    if rule.step_up is not None and rule.step_up(view):
        tier = tier.one_step_higher
        clauses += explain(rule.step_up.node, view)
    view.fired[rule.id] = tier
    told_once = {clause.what: clause for clause in clauses}
    return Finding(rule.id, rule.name, tier, rule.clears, tuple(told_once.values()))


def _urgency(findings: Sequence[Finding]) -> Tier:
    return max((finding.tier for finding in findings), default=Tier.NONE)


def _paused(at: datetime, pauses: Sequence[tuple[datetime, datetime | None]]) -> bool:
    return any(start <= at and (until is None or at < until) for start, until in pauses)
