"""What a patient is told of a stored verdict: the protocol's texts with the clinic's numbers in them."""

from dataclasses import replace

from recovery.clinical import protocol as protocols
from recovery.clinical.assessment import Finding
from recovery.clinical.tiers import Tier
from recovery.clinical.verdict import Numbers, Verdict, not_taken_line, tell_patient
from recovery.models import Assessment, Clinic, Episode

NOT_JUDGED = "UNASSESSED"
NOT_READABLE = "UNREADABLE"


def numbers_of(clinic: Clinic) -> Numbers:
    return Numbers(
        team_phone=clinic.team_phone,
        urgent_line=clinic.urgent_line,
        emergency_number=clinic.emergency_number,
        crisis_line=clinic.crisis_line,
    )


def findings_of(assessment: Assessment) -> list[Finding]:
    """The findings of a stored verdict; a report that could not be judged counts as one of its own."""
    if assessment.tier is None:
        return [service_finding(NOT_JUDGED, protocol=assessment.protocol)]
    return [Finding.from_document(document) for document in assessment.findings]


def service_finding(rule: str, *, protocol: str) -> Finding:
    """A finding about the service rather than the patient: the report could not be judged, or not be read."""
    alert = protocols.get_or_default(protocol).service_alerts[rule]
    return Finding(rule=alert.id, name=alert.name, tier=alert.tier, clears=alert.clears, clauses=())


def tier_of(assessment: Assessment) -> Tier:
    """The tier the patient is told: what could not be judged is treated as its service alert says, never as none."""
    if assessment.tier is None:
        return service_finding(NOT_JUDGED, protocol=assessment.protocol).tier
    return Tier(assessment.tier)


def for_patient(*, episode: Episode, assessment: Assessment) -> Verdict:
    """One action line, the lead text of each finding, information, and the footer."""
    return tell_patient(
        findings_of(assessment),
        assessment.notes,
        protocols.get(assessment.protocol),
        numbers_of(episode.clinic),
    )


def of_refused(*, episode: Episode, assessment: Assessment, seen: bool = True) -> Verdict:
    """The same for a report that was not taken: where nothing was found in it, that is not what the patient is told.
    `seen`: the service kept it."""
    told = for_patient(episode=episode, assessment=assessment)
    if told.tier > Tier.NONE:
        return told
    protocol = protocols.get(assessment.protocol)
    return replace(told, action=not_taken_line(protocol, numbers_of(episode.clinic), seen=seen))
