"""A refused report: why, what could be read of it, what the patient was told, what came of it, and who worked on it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from recovery import access, quarantine, verdicts
from recovery.alerts.targets import REACH
from recovery.clinical import protocol as protocols
from recovery.clinical.assessment import Finding
from recovery.clinical.protocol import Protocol
from recovery.clinical.tiers import Tier
from recovery.clinical.verdict import Verdict
from recovery.dashboard.screens.body import Body, body_of
from recovery.dashboard.screens.finding import SERVICE_RULES
from recovery.dashboard.screens.hands import whose
from recovery.dashboard.screens.person import Number, Person, first_number, numbers_of, person_of
from recovery.dashboard.screens.place import Clock, Place, place_of
from recovery.dashboard.screens.reasons import Reason, reasons_of, refused_as
from recovery.dashboard.wording import counted, span
from recovery.models import Alert, AlertEvent, Assessment, Quarantine, User

SIGNED_OUT = "device_revoked"
"""The code of a report that came whole, from a phone that may report no more."""

REPORTED = (AlertEvent.Kind.OPENED, AlertEvent.Kind.JOINED, AlertEvent.Kind.RAISED)


@dataclass(frozen=True, slots=True)
class Came:
    """An alert that came of it, and who has it now."""

    id: UUID
    tier: Tier
    name: str
    state: str


@dataclass(frozen=True, slots=True)
class Refused:
    """What a list says of it. `done` is empty while nobody has worked on it."""

    id: UUID
    person: Person
    number: Number
    received: str
    since: str
    waiting: str
    is_late: bool
    why: str
    read: str
    told: Verdict
    came: list[Came]
    is_owed: bool
    has_arrived: bool
    done: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found when it was judged by hand."""

    tier: Tier
    findings: list[str]
    told: Verdict
    is_owed: bool


@dataclass(frozen=True, slots=True)
class Screen:
    refused: Refused
    kept: Quarantine
    clock: Clock
    protocol: Protocol
    place: Place
    numbers: list[Number]
    reasons: list[Reason]
    found: list[Finding]
    body: Body
    judged: Judged | None
    dismissal: str
    note: str
    beyond: int
    may_review: bool


def show(user: User, kept_id: UUID, now: datetime) -> Screen:
    """Raises Quarantine.DoesNotExist for a stranger."""
    kept = kept_reports(user).select_related("check_in").get(uuid=kept_id)
    episode, clock = kept.episode, Clock(now, ZoneInfo(kept.episode.clinic.time_zone))
    felt_at = kept.assessment.effective_at
    return Screen(
        refused=refused_of(kept, came_of(user, [kept]).get(kept.pk, []), clock),
        kept=kept,
        clock=clock,
        protocol=protocols.get_or_default(episode.protocol),
        place=place_of(episode, felt_at),
        numbers=numbers_of(episode),
        reasons=reasons_of(kept),
        found=verdicts.findings_of(kept.assessment),
        body=body_of(kept, clock),
        judged=_judged(kept),
        dismissal=Quarantine.Dismissal(kept.dismissed_as).label if kept.dismissed_as else "",
        note=kept.reason,
        beyond=kept.beyond,
        may_review=quarantine.may_review(kept, user),
    )


def kept_reports(user: User) -> QuerySet[Quarantine]:
    """Refused reports with all that `refused_of` asks for; also whether the phone has sent a report under the same
    number since, which was taken."""
    taken = access.check_ins(user).filter(
        episode=OuterRef("episode"), client_id=OuterRef("client_id"), received_at__gt=OuterRef("received_at")
    )
    return (
        access.quarantine(user)
        .select_related(
            "episode__patient", "episode__clinic", "assessment", "reviewed_by", "device__caregiver"
        )
        .annotate(has_arrived=Exists(taken))
    )


def refused_of(kept: Quarantine, came: list[Came], clock: Clock) -> Refused:
    """`kept` is one of `kept_reports`."""
    waiting = (kept.reviewed_at or clock.now) - kept.received_at
    return Refused(
        id=kept.uuid,
        person=person_of(kept.episode, clock.now),
        number=first_number(kept.episode),
        received=clock.moment(kept.received_at),
        since=kept.received_at.isoformat(),
        waiting=span(waiting),
        is_late=kept.reviewed_at is None and waiting >= REACH[Tier.WITHIN_24H],
        why=refused_as(kept),
        read=_read(kept),
        told=verdicts.of_refused(episode=kept.episode, assessment=kept.assessment),
        came=came,
        is_owed=kept.assessment.flagged_at is None,
        has_arrived=kept.has_arrived,  # type: ignore[attr-defined]  # put there by `kept_reports`
        done=_done(kept, clock),
    )


def came_of(user: User, rows: Sequence[Quarantine]) -> dict[int, list[Came]]:
    """The alerts that these reports opened, joined or raised, the worst first. As many queries for many as for one."""
    reports: dict[int | None, Quarantine] = {kept.assessment.pk: kept for kept in rows}
    check_ins: dict[int | None, Quarantine] = {kept.check_in_id: kept for kept in rows if kept.check_in_id}
    alerts = Prefetch("alert", access.alerts(user).with_owner())
    events = access.alert_events(user).filter(kind__in=REPORTED).select_related("assessment")
    events = events.prefetch_related(alerts)
    found: dict[Quarantine, dict[int, Alert]] = defaultdict(dict)
    for event in events.filter(assessment__in=reports):
        found[reports[event.assessment_id]][event.alert_id] = event.alert
    for event in events.filter(assessment__check_in__in=check_ins):
        check_in = event.assessment.check_in_id if event.assessment else None
        found[check_ins[check_in]][event.alert_id] = event.alert
    return {
        kept.pk: [
            _came(alert, protocols.get_or_default(kept.episode.protocol))
            for alert in sorted(came.values(), key=lambda alert: (-alert.tier, alert.rule))
        ]
        for kept, came in found.items()
    }


def _came(alert: Alert, protocol: Protocol) -> Came:
    said = protocol.rules.get(alert.rule) or protocol.service_alerts.get(alert.rule)
    state = whose(alert) if alert.status in Alert.LIVE else "ended"
    return Came(alert.uuid, Tier(alert.tier), said.name if said else alert.rule, state)


def _read(kept: Quarantine) -> str:
    """How much of it could be read, and that nothing of that went unjudged."""
    names = ", ".join(finding.name for finding in _clinical(kept.assessment))
    if kept.readable and kept.code == SIGNED_OUT:
        found = f"It was judged: {names}." if names else "It was judged: nothing was found."
        return f"It could be read. {found} It does not count as a check-in until somebody judges it by hand."
    if kept.readable:
        problems = max(len(kept.problems), 1)
        much = f"It could be read, but {counted(problems, 'part of it was', 'parts of it were')} not valid."
        if not names:
            return (
                f"{much} Its valid answers were judged: nothing was found. Ask the patient to send it again."
            )
        return f"{much} Its valid answers were judged: {names}."
    if names:
        return f"Only a part of it could be read. That was judged: {names}. Phone the patient."
    much = "Only a part of it could be read." if kept.answers else "It could not be read at all."
    return f"{much} An alert was opened. Phone the patient and ask how they are."


def _clinical(assessment: Assessment) -> list[Finding]:
    return [finding for finding in verdicts.findings_of(assessment) if finding.rule not in SERVICE_RULES]


def _done(kept: Quarantine, clock: Clock) -> str:
    if kept.reviewed_at is None or kept.reviewed_by is None:
        return ""
    did = "judged this by hand" if kept.outcome == Quarantine.Outcome.JUDGED else "dismissed this"
    return f"{kept.reviewed_by.name} {did} at {clock.moment(kept.reviewed_at)}."


def _judged(kept: Quarantine) -> Judged | None:
    if kept.check_in is None:
        return None
    current = kept.check_in.assessments.get(is_current=True)
    return Judged(
        tier=verdicts.tier_of(current),
        findings=[finding.name for finding in verdicts.findings_of(current)],
        told=verdicts.for_patient(episode=kept.episode, assessment=current),
        is_owed=current.flagged_at is None,
    )
