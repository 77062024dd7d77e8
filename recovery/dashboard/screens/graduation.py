"""The summary of a recovery: for the patient's record and whoever looks after them next. It can be printed at any time
and is whole when the recovery has ended."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from recovery import access
from recovery.clinical.tiers import Tier
from recovery.clinical.timeline import day_number
from recovery.dashboard.screens.care import Care, Open, care_of, open_of
from recovery.dashboard.screens.course import Course, Opened, course_of
from recovery.dashboard.screens.finding import finding_of
from recovery.dashboard.screens.graduation_course import WeekLine, facts_of, weeks_of
from recovery.dashboard.screens.hands import whose
from recovery.dashboard.screens.patient_about import About, Fact, about_of
from recovery.dashboard.screens.patient_notes import MOST, Note, notes_of
from recovery.dashboard.screens.patient_now import due_now
from recovery.dashboard.screens.patient_reports import said_in
from recovery.dashboard.screens.person import Number, numbers_of
from recovery.dashboard.screens.place import Clock, PaperClock, place_of
from recovery.dashboard.wording import clinic_day, counted
from recovery.models import Alert, AlertEvent, Episode, User


@dataclass(frozen=True, slots=True)
class Outcome:
    """One alert of the recovery, and what came of it."""

    id: UUID
    opened: str
    place: str
    tier: Tier
    name: str
    came: str
    reached: str
    note: str
    is_live: bool


@dataclass(frozen=True, slots=True)
class Graduation:
    care: Care
    title: str
    period: str
    ended: str
    about: About
    numbers: list[Number]
    facts: list[Fact]
    course: Course
    weeks: list[WeekLine]
    outcomes: list[Outcome]
    open: Open
    phones: int
    made: str
    notes: list[Note]
    is_cut: bool

    @property
    def has_more_notes(self) -> bool:
        return len(self.notes) == MOST


def show(user: User, episode_id: UUID, now: datetime) -> Graduation:
    """Raises Episode.DoesNotExist for a stranger. As many queries for a long history as for a short one."""
    care = care_of(user, episode_id, now, clocks=PaperClock)
    episode, clock = care.episode, care.clock
    said, is_cut = said_in(user, episode)
    counting = [one for one in said if one.counts]
    dues = due_now(episode, [one.check_in for one in counting], now)
    alerts = list(
        access.alerts(user)
        .filter(episode=episode)
        .with_owner()
        .select_related("ended_by", "latest_assessment", "first_assessment")
        .order_by("opened_at", "pk")
    )
    opened = [
        Opened(alert.first_assessment.effective_at, Tier(alert.tier), finding_of(alert).name)
        for alert in alerts
    ]
    closing = _closing_notes(user, alerts)
    return Graduation(
        care=care,
        title="Graduation summary" if care.has_ended else "Summary so far",
        period=_period(episode, now),
        ended=_ended(episode, clock),
        about=about_of(episode, clock),
        numbers=numbers_of(episode),
        facts=facts_of(episode, counting, dues, clock),
        course=course_of(episode, said, opened, dues, recent=False, clock=clock),
        weeks=weeks_of(episode, counting, dues, opened, now),
        outcomes=[_outcome(alert, episode, closing, clock) for alert in alerts],
        open=open_of(user, care),
        phones=episode.devices.filter(revoked_at=None).count(),
        made=clock.moment(now),
        notes=notes_of(user, episode, clock),
        is_cut=is_cut,
    )


def _period(episode: Episode, now: datetime) -> str:
    zone = ZoneInfo(episode.time_zone)
    until = episode.ended_at or now
    days = counted(max(day_number(episode.procedure_at, until, zone), 0), "day", "days")
    return f"{clinic_day(episode.procedure_at, zone)} to {clinic_day(until, zone)} ({days})"


def _ended(episode: Episode, clock: Clock) -> str:
    if episode.ended_at is None:
        return ""
    at = clock.moment(episode.ended_at)
    event = episode.events.filter(what="ended episode").select_related("by").order_by("-id").first()
    if event is None or event.by is None:
        return f"It ended by itself at {at}, after the last check-in that was due."
    return f"Ended by {event.by.name} at {at}: {event.reason}"


def _closing_notes(user: User, alerts: Iterable[Alert]) -> dict[int, str]:
    """What was written when each alert was closed."""
    closed = access.alert_events(user).filter(
        alert__in=[alert.pk for alert in alerts], kind=AlertEvent.Kind.CLOSED
    )
    return {
        alert: str(detail.get("note", ""))
        for alert, detail in closed.order_by("id").values_list("alert_id", "detail")
    }


def _outcome(alert: Alert, episode: Episode, closing: Mapping[int, str], clock: Clock) -> Outcome:
    return Outcome(
        id=alert.uuid,
        opened=clock.moment(alert.opened_at),
        place=place_of(episode, alert.first_assessment.effective_at).words,
        tier=Tier(alert.tier),
        name=finding_of(alert).name,
        came=_came(alert, clock),
        reached=f"Patient reached {clock.moment(alert.reached_at)}" if alert.reached_at else "",
        note=closing.get(alert.pk, ""),
        is_live=alert.status in Alert.LIVE,
    )


def _came(alert: Alert, clock: Clock) -> str:
    if alert.ended_at is None:
        return f"Still open: {whose(alert)}"
    at = clock.moment(alert.ended_at)
    if alert.ended_by is None:
        return f"Resolved itself at {at}"
    noise = f", called noise ({Alert.Noise(alert.noise).label.lower()})" if alert.noise else ""
    return f"{Alert.Outcome(alert.outcome).label}{noise}, closed by {alert.ended_by.name} at {at}"
