"""The explanation of an alert: the finding of its rule, as it was judged last."""

from dataclasses import replace

from recovery import verdicts
from recovery.clinical import protocol as protocols
from recovery.clinical.assessment import Finding
from recovery.clinical.protocol import Rule, ServiceAlert
from recovery.clinical.tiers import Tier
from recovery.clinical.verdict import action_line
from recovery.dashboard.screens.silences import silence_clauses
from recovery.models import Alert

SERVICE_RULES = (verdicts.NOT_JUDGED, verdicts.NOT_READABLE)
"""Alerts about the service itself: a report that nobody has judged, or could read."""


def finding_of(alert: Alert) -> Finding:
    """What made the alert's rule hold in its latest assessment. A service alert has a name and no clauses."""
    for finding in verdicts.findings_of(alert.latest_assessment):
        if finding.rule == alert.rule:
            more = silence_clauses(alert)
            return replace(finding, clauses=(*finding.clauses, *more)) if more else finding
    said = said_of(alert)
    return Finding(alert.rule, said.name if said else alert.rule, Tier(alert.tier), "C1", ())


def said_of(alert: Alert) -> Rule | ServiceAlert | None:
    """The rule as the protocol of the latest assessment has it; None when that version knows it no more."""
    protocol = protocols.get(alert.latest_assessment.protocol)
    return protocol.rules.get(alert.rule) or protocol.service_alerts.get(alert.rule)


def because(finding: Finding) -> list[str]:
    """The clauses in words, each starting like a sentence and said once: two clauses about one answer read the same.
    What is there comes first, the rules that were ruled out last."""
    ordered = sorted(finding.clauses, key=lambda clause: clause.what.startswith("not rule "))
    return list(dict.fromkeys(clause.words[:1].upper() + clause.words[1:] for clause in ordered))


def told_of(alert: Alert) -> str:
    """What the patient was told to do when they last reported it; empty when it is about their silence."""
    assessment = alert.latest_assessment
    if assessment.silent_slot:
        return ""
    tier = verdicts.tier_of(assessment)
    protocol = protocols.get_or_default(assessment.protocol)
    return action_line(tier, protocol, verdicts.numbers_of(alert.episode.clinic))
