"""One alert, with everything that is needed to act on it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from recovery import access, alerts, verdicts
from recovery.alerts.moves import CLINICIANS
from recovery.clinical import protocol as protocols
from recovery.dashboard.screens.board import rows_of
from recovery.dashboard.screens.body import Body, body_of
from recovery.dashboard.screens.explanation import Explanation, explanation_of
from recovery.dashboard.screens.history import Event, Told, events_of, told
from recovery.dashboard.screens.pain import Pain, pain_of
from recovery.dashboard.screens.person import Number, numbers_of
from recovery.dashboard.screens.place import Clock, Place, place_of
from recovery.dashboard.screens.report import Report, report_of
from recovery.dashboard.screens.row import Row, row_of
from recovery.dashboard.wording import clinic_day
from recovery.models import Alert, CheckIn, Episode, User


@dataclass(frozen=True, slots=True)
class State:
    """Who has it and how far it has come. Asked again while the page is open."""

    row: Row
    clock: Clock
    status: str
    ended: str
    seen: str
    clinician_in: set[int]
    tag: str


@dataclass(frozen=True, slots=True)
class Episodic:
    """The procedure and who it was done to."""

    procedure: str
    done: str
    levels: str
    risks: list[str]
    today: Place


@dataclass(frozen=True, slots=True)
class Screen:
    state: State
    about: Episodic
    numbers: list[Number]
    explanation: Explanation
    report: Report | None
    newer: str
    body: Body | None
    pain: Pain
    events: list[Event]
    told: list[Told]
    others: list[Row]


def state_of(user: User, alert_id: UUID, now: datetime) -> State:
    """Raises Alert.DoesNotExist for a stranger."""
    return _state(_load(user, alert_id), user, now)


def changed_since(user: User, alert_id: UUID, seen: str, now: datetime) -> str:
    """What a colleague did since the page was shown, for somebody who is about to act on it; empty when nothing.

    The domain lets any clinician close what a colleague has taken on. Here she is told of the colleague first.
    """
    state = state_of(user, alert_id, now)
    row = state.row
    if seen == state.seen or row.is_mine or state.status != Alert.Status.ACKNOWLEDGED:
        return ""
    return f"{row.owner} took this on at {row.owner_since}."


def show(user: User, alert_id: UUID, now: datetime) -> Screen:
    """Raises Alert.DoesNotExist for a stranger. As many queries for a long history as for a short one."""
    alert = _load(user, alert_id)
    state, episode = _state(alert, user, now), alert.episode
    clock = state.clock
    check_ins = list(
        access.check_ins(user)
        .filter(episode=episode)
        .prefetch_related("revisions")
        .order_by("effective_at", "client_id")
    )
    about = next((row for row in check_ins if row.pk == alert.latest_assessment.check_in_id), None)
    read = about or next((row for row in reversed(check_ins) if row.withdrawn_at is None), None)
    kept = alert.latest_assessment.quarantine
    events = alert.events.select_related("by", "assessment").order_by("id")
    return Screen(
        state=state,
        about=_episodic(episode, clock),
        numbers=numbers_of(episode),
        explanation=explanation_of(alert, clock),
        report=_report(read, alert, clock) if read else None,
        newer=_newer(check_ins, alert, clock),
        body=body_of(kept, clock) if kept else None,
        pain=pain_of(episode, check_ins, marked=about, clock=clock),
        events=events_of(events, episode=episode, clock=clock),
        told=told(alert.notifications.select_related("recipient").order_by("planned_at", "pk"), clock),
        others=_others(alert, user, state),
    )


def _load(user: User, alert_id: UUID) -> Alert:
    return (
        access.alerts(user)
        .select_related("episode__patient", "episode__clinic", "owner", "ended_by", "team")
        .select_related("latest_assessment__quarantine")
        .get(uuid=alert_id)
    )


def _state(alert: Alert, user: User, now: datetime) -> State:
    clock = Clock(now, ZoneInfo(alert.episode.clinic.time_zone))
    clinician_in = set(access.memberships(user).filter(role__in=CLINICIANS).values_list("team_id", flat=True))
    seen = f"{alert.status}:{alert.owner.uuid if alert.owner else ''}:{alerts.as_seen(alert)}"
    tag = (alert.uuid, alert.changed_at, seen, sorted(clinician_in), int(now.timestamp() // 60))
    return State(
        row=row_of(alert, user=user, clinician_in=clinician_in, clock=clock),
        clock=clock,
        status=alert.status,
        ended=_ended(alert, clock),
        seen=seen,
        clinician_in=clinician_in,
        tag=hashlib.sha256(repr(tag).encode()).hexdigest()[:32],
    )


def _ended(alert: Alert, clock: Clock) -> str:
    if alert.ended_at is None:
        return ""
    if alert.ended_by is None:
        return f"Resolved itself at {clock.moment(alert.ended_at)}: later check-ins no longer showed it."
    outcome = Alert.Outcome(alert.outcome).label.lower()
    return f"Closed by {alert.ended_by.name} at {clock.moment(alert.ended_at)}: {outcome}."


def _episodic(episode: Episode, clock: Clock) -> Episodic:
    known = protocols.get(episode.protocol).risk_factors
    done = clinic_day(episode.procedure_at, ZoneInfo(episode.time_zone))
    return Episodic(
        procedure=Episode.Procedure(episode.procedure).label,
        done=f"{done}, time not known"
        if episode.time_estimated
        else f"{done}, {clock.local(episode.procedure_at)}",
        levels=", ".join(episode.levels) or "levels not recorded",
        risks=[known[factor].label if factor in known else factor for factor in episode.risk_factors],
        today=place_of(episode, clock.now),
    )


def _report(check_in: CheckIn, alert: Alert, clock: Clock) -> Report:
    assessment = alert.latest_assessment
    is_about = assessment.check_in_id == check_in.pk
    return report_of(
        check_in,
        episode=alert.episode,
        protocol=protocols.get(assessment.protocol),
        findings=verdicts.findings_of(assessment) if is_about else (),
        clock=clock,
    )


def _newer(check_ins: list[CheckIn], alert: Alert, clock: Clock) -> str:
    """Later reports are not used to judge this one, but nobody should phone without knowing of them."""
    later = [
        row
        for row in check_ins
        if row.withdrawn_at is None and row.effective_at > alert.latest_assessment.effective_at
    ]
    return clock.moment(later[-1].effective_at) if later else ""


def _others(alert: Alert, user: User, state: State) -> list[Row]:
    others = access.alerts(user).for_board().filter(episode=alert.episode).exclude(pk=alert.pk)
    return rows_of(others, user=user, clinician_in=state.clinician_in, clock=state.clock)
