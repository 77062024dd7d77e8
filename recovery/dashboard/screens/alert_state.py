"""Who has an alert and how far it has come. Asked again while its page is open."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from recovery import access, alerts
from recovery.alerts.moves import CLINICIANS
from recovery.dashboard.screens.next_steps import NextSteps, next_steps_of
from recovery.dashboard.screens.place import Clock
from recovery.dashboard.screens.row import Row, row_of
from recovery.models import Alert, AlertEvent, User


@dataclass(frozen=True, slots=True)
class Asked:
    """That a colleague was asked to take it on, or over, and has not yet."""

    by: str
    to: str
    at: str
    note: str
    is_me: bool


@dataclass(frozen=True, slots=True)
class State:
    """`seen` says what the page showed, for the forms on it; `tag` turns whenever the state does."""

    row: Row
    clock: Clock
    status: str
    ended: str
    asked: Asked | None
    noise: str
    next_steps: NextSteps | None
    seen: str
    clinician_in: set[int]
    tag: str

    @property
    def may_close(self) -> bool:
        return self.row.may_take_on and not self.ended

    @property
    def may_take_over(self) -> bool:
        return self.may_close and not self.row.is_open and not self.row.is_mine


def state_of(user: User, alert_id: UUID, now: datetime) -> State:
    """Raises Alert.DoesNotExist for a stranger."""
    return state(load(user, alert_id), user, now)


def news_since(seen: str, state: State) -> str:
    """What has happened since a page was shown that still says `seen`: for who looks at it, or writes in it."""
    if seen.rpartition(":")[2] != state.seen.rpartition(":")[2]:
        return f"The patient reported again (now: {state.row.tier.label.lower()})."
    if _whose(seen) == _whose(state.seen) or state.row.is_mine:
        return ""
    return state.ended or _taken(state.row)


def changed_since(user: User, alert_id: UUID, seen: str, now: datetime) -> str:
    """What a colleague did since the page was shown, for somebody who is about to act on it; empty when nothing.

    The domain lets any clinician close what a colleague has taken on. Here she is told of the colleague first.
    """
    is_now = state_of(user, alert_id, now)
    row = is_now.row
    if _whose(seen) == _whose(is_now.seen) or row.is_mine or is_now.ended:
        return ""
    return _taken(row)


def asked_since(user: User, alert_id: UUID, seen: str, now: datetime) -> str:
    """Whom somebody has asked to take it since the page was shown, for who is about to ask another colleague."""
    is_now = state_of(user, alert_id, now)
    if is_now.asked is None or seen.split(":")[2:3] == is_now.seen.split(":")[2:3]:
        return ""
    return (
        f"{is_now.asked.by} asked {is_now.asked.to} at {is_now.asked.at}. Ask somebody else only if you must."
    )


def load(user: User, alert_id: UUID) -> Alert:
    return (
        access.alerts(user)
        .with_owner()
        .select_related("episode__patient", "episode__clinic", "asked", "ended_by", "team")
        .select_related("latest_assessment__quarantine")
        .get(uuid=alert_id)
    )


def state(alert: Alert, user: User, now: datetime) -> State:
    clock = Clock(now, ZoneInfo(alert.episode.clinic.time_zone))
    clinician_in = set(access.memberships(user).filter(role__in=CLINICIANS).values_list("team_id", flat=True))
    seen = ":".join([alert.status, _uuid(alert.owner), _uuid(alert.asked), alerts.as_seen(alert)])
    row = row_of(alert, user=user, clinician_in=clinician_in, clock=clock)
    tag = (alert.uuid, alert.changed_at, seen, row.left, sorted(clinician_in), int(now.timestamp() // 60))
    return State(
        row=row,
        clock=clock,
        status=alert.status,
        ended=_ended(alert, clock),
        asked=_asked(alert, user, clock),
        noise=Alert.Noise(alert.noise).label if alert.noise else "",
        next_steps=next_steps_of(
            alert, left=bool(row.left), owner="you are" if row.is_mine else f"{row.owner} is", clock=clock
        ),
        seen=seen,
        clinician_in=clinician_in,
        tag=hashlib.sha256(repr(tag).encode()).hexdigest()[:32],
    )


def _taken(row: Row) -> str:
    if row.is_open:
        return ""
    return f"{row.owner} took this {'over' if row.was_taken_over else 'on'} at {row.owner_since}."


def _whose(seen: str) -> list[str]:
    return seen.split(":")[:2]


def _uuid(colleague: User | None) -> str:
    return str(colleague.uuid) if colleague else ""


def _ended(alert: Alert, clock: Clock) -> str:
    if alert.ended_at is None:
        return ""
    if alert.ended_by is None:
        return f"Resolved itself at {clock.moment(alert.ended_at)}: later check-ins no longer showed it."
    outcome = Alert.Outcome(alert.outcome).label.lower()
    return f"Closed by {alert.ended_by.name} at {clock.moment(alert.ended_at)}: {outcome}."


def _asked(alert: Alert, user: User, clock: Clock) -> Asked | None:
    if alert.asked is None:
        return None
    event = alert.events.filter(kind=AlertEvent.Kind.ASKED).select_related("by").latest("id")
    return Asked(
        by=event.by.name if event.by else "",
        to=alert.asked.name,
        at=clock.moment(event.at),
        note=str(event.detail.get("note", "")),
        is_me=alert.asked_id == user.pk,
    )
