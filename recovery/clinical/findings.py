"""A rule that held, with the clauses that made it hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recovery.clinical.conditions import Clause, View, explain
from recovery.clinical.protocol import Rule
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


def findings_of(rules: Sequence[Rule], view: View) -> tuple[Finding, ...]:
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


def urgency_of(findings: Sequence[Finding]) -> Tier:
    return max((finding.tier for finding in findings), default=Tier.NONE)
