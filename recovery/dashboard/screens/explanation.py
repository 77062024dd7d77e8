"""Why the alert is there: the trace of its finding, what it may mean, and what the patient was told."""

from dataclasses import dataclass

from recovery import verdicts
from recovery.clinical import protocol as protocols
from recovery.clinical.assessment import Finding
from recovery.clinical.tiers import Tier
from recovery.clinical.verdict import Verdict
from recovery.dashboard.screens.finding import because, finding_of, said_of
from recovery.dashboard.screens.place import Clock, Place, place_of
from recovery.models import Alert, Assessment


@dataclass(frozen=True, slots=True)
class Explanation:
    """`lower` says so when the latest report alone is less urgent than the alert has been."""

    name: str
    rule: str
    meaning: str
    because: list[str]
    lower: str
    place: Place
    at: str
    judged: str
    protocol: str
    sources: list[str]
    also: list[str]
    told: Verdict
    said_of_this: str


def explanation_of(alert: Alert, clock: Clock) -> Explanation:
    assessment, episode = alert.latest_assessment, alert.episode
    finding, said = finding_of(alert), said_of(alert)
    verdict = verdicts.for_patient(episode=episode, assessment=assessment)
    protocol = protocols.get(assessment.protocol)
    return Explanation(
        name=finding.name,
        rule=alert.rule,
        meaning=said.team if said else "This rule is no longer in the protocol. Read the answers yourself.",
        because=because(finding) or [_nothing_judged(assessment)],
        lower=_lower(finding, alert, clock),
        place=place_of(episode, assessment.effective_at),
        at=clock.moment(assessment.effective_at),
        judged=clock.moment(assessment.judged_at),
        protocol=assessment.protocol,
        sources=[
            protocol.sources[key].title if key in protocol.sources else key
            for key in (said.sources if said else ())
        ],
        also=[found.name for found in verdicts.findings_of(assessment) if found.rule != alert.rule],
        told=verdict,
        said_of_this=next((line.text for line in verdict.lines if line.rule == alert.rule), ""),
    )


def _lower(finding: Finding, alert: Alert, clock: Clock) -> str:
    if finding.tier >= alert.tier or not finding.clauses:
        return ""
    now, was = finding.tier.label.lower(), Tier(alert.tier).label.lower()
    since = clock.moment(alert.tier_at)
    return f"The latest report alone would be {now}. The alert stays {was}, as it was at {since}, until it is closed."


def _nothing_judged(assessment: Assessment) -> str:
    if assessment.quarantine_id is not None:
        return "A report arrived that could not be read as a check-in"
    return "The service failed while judging this report"
