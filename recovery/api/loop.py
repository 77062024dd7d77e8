"""Closing the loop: a patient who was told that somebody will act can see that somebody did."""

from datetime import datetime

from recovery import verdicts
from recovery.alerts.targets import REACH
from recovery.api import documents
from recovery.clinical import protocol as protocols
from recovery.clinical.tiers import Tier
from recovery.clinical.verdict import patient_text
from recovery.models import Alert, Episode, Membership

MOST = 50


def own_alerts(episode: Episode) -> tuple[documents.Alert, ...]:
    """The alerts of an episode that the patient was told a call of, newest first. Four statements however many."""
    rows = list(
        episode.alerts.filter(tier__gte=Tier.WITHIN_24H)
        .select_related("first_assessment", "latest_assessment")
        .order_by("-opened_at", "-id")[:MOST]
    )
    seen_by = {row.owner_id or row.ended_by_id for row in rows} - {None}
    roles: dict[int, str] = {}
    if seen_by:
        members = episode.team.memberships.filter(user_id__in=seen_by).order_by("started_at")
        roles = {member.user_id: Membership.Role(member.role).label for member in members}
    return tuple(_document(row, episode, roles) for row in rows)


def _document(row: Alert, episode: Episode, roles: dict[int, str]) -> documents.Alert:
    return documents.Alert(
        id=row.uuid,
        urgency=Tier(row.tier).code,
        text=_text(row, episode),
        received_at=row.first_assessment.judged_at,
        seen=_seen(row, roles),
        call_due_by=_call_due_by(row),
        reached_at=row.contacted_at,
        closed=_closed(row),
    )


def _text(row: Alert, episode: Episode) -> str:
    """The lead text of the latest finding of the alert's rule."""
    protocol = protocols.get(row.latest_assessment.protocol)
    numbers = verdicts.numbers_of(episode.clinic)
    findings = verdicts.findings_of(row.latest_assessment)
    return next((patient_text(found, protocol, numbers) for found in findings if found.rule == row.rule), "")


def _seen(row: Alert, roles: dict[int, str]) -> documents.Seen | None:
    at, by = (row.acknowledged_at, row.owner_id) if row.acknowledged_at else (row.ended_at, row.ended_by_id)
    if at is None or by is None:
        return None
    who = roles.get(by, "Care team") if row.taken_over_at is None else "Care team"  # its owner saw it later
    return documents.Seen(at=at, by=who)


def _call_due_by(row: Alert) -> datetime | None:
    within = REACH.get(Tier(row.tier))
    if within is None or row.contacted_at or row.ended_at:
        return None
    return row.tier_at + within


def _closed(row: Alert) -> documents.Closed | None:
    if row.ended_at is None:
        return None
    if row.status == Alert.Status.RESOLVED:
        return documents.Closed(at=row.ended_at, outcome="resolved", words="Settled by your later check-ins")
    return documents.Closed(at=row.ended_at, outcome=row.outcome, words=Alert.Outcome(row.outcome).label)
