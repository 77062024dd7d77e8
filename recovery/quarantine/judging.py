"""The verdict on a refused body: its valid answers are judged as a half-finished report (specification 6.2, 6.8)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from recovery import assessments, clinical, verdicts
from recovery.clinical.assessment import Finding
from recovery.clinical.facts import Earlier, Report, effective_at
from recovery.models import Assessment, Episode


def judged(
    *,
    episode: Episode,
    readable: bool,
    observed_at: datetime | None,
    readings: Sequence[Mapping[str, Any]],
    now: datetime,
    earlier: Sequence[Earlier] | None = None,
) -> Assessment:
    """The verdict, not stored. `readings` are the ways in which the answers can be meant, of which none is dismissed:
    each finding counts at its highest tier. Part of it unreadable is a finding of its own.

    `earlier` are the reports before it; None means those in the database.
    """
    at, _ = effective_at(observed_at or now, now, episode.procedure_at)
    if earlier is None:
        earlier = assessments.history(episode_id=episode.pk, before=at, leaving_out=UUID(int=0))
    meant = [
        assessments.judge(
            episode=episode,
            report=Report(observed_at=observed_at or now, answers=answers, received_at=now, completed=False),
            earlier=earlier,
        )
        for answers in readings
    ]
    found = _worst_of_each_rule(finding for verdict in meant if verdict for finding in verdict.findings)
    for rule, holds in ((verdicts.NOT_READABLE, not readable), (verdicts.NOT_JUDGED, None in meant)):
        if holds:
            found.append(verdicts.service_finding(rule, protocol=episode.protocol))
    return Assessment(
        clinic_id=episode.clinic_id,
        episode=episode,
        judged_at=now,
        **_columns(next(filter(None, meant), None), found, episode=episode, at=at),
    )


def _worst_of_each_rule(findings: Iterable[Finding]) -> list[Finding]:
    worst: dict[str, Finding] = {}
    for finding in findings:
        if finding.rule not in worst or finding.tier > worst[finding.rule].tier:
            worst[finding.rule] = finding
    return list(worst.values())


def _columns(
    verdict: clinical.assessment.Assessment | None, found: list[Finding], *, episode: Episode, at: datetime
) -> dict[str, Any]:
    columns = assessments.columns(verdict, episode=episode, at=at)
    ordered = sorted(found, key=lambda finding: (-finding.tier, finding.rule))
    return columns | {
        "tier": int(ordered[0].tier) if ordered else 0,
        "findings": [finding.to_document() for finding in ordered],
        "notes": [] if ordered else columns["notes"],
    }
