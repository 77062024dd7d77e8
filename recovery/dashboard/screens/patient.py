"""One patient's recovery, with everything that is known of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from uuid import UUID
from zoneinfo import ZoneInfo

from recovery import access
from recovery.clinical.tiers import Tier
from recovery.dashboard.screens.course import Course, Opened, course_of
from recovery.dashboard.screens.patient_about import About, about_of
from recovery.dashboard.screens.patient_alerts import AlertStory, alerts_of, story_of
from recovery.dashboard.screens.patient_notes import Muted, Note, muted_now, notes_of
from recovery.dashboard.screens.patient_now import Now, due_now, episode_of, now_of
from recovery.dashboard.screens.patient_reports import Entry, Said, entries_of, said_in
from recovery.dashboard.screens.person import Number, Person, numbers_of, person_of
from recovery.dashboard.screens.place import Clock
from recovery.dashboard.screens.reminding import Reminding, reminding_of
from recovery.dashboard.screens.strip import LEGEND, Day, Week, weeks_of
from recovery.models import Alert, Episode, User

PER_PAGE = 15
"""Check-ins with all their answers on one page."""


@dataclass(frozen=True, slots=True)
class Pages:
    """Which part of the check-ins is shown: from and to, counted from the newest."""

    number: int
    last: int
    total: int
    is_cut: bool

    @property
    def newer(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def older(self) -> int | None:
        return self.number + 1 if self.number < self.last else None


@dataclass(frozen=True, slots=True)
class Screen:
    id: UUID
    person: Person
    numbers: list[Number]
    now: Now
    about: About
    course: Course
    weeks: list[Week]
    entries: list[Entry]
    pages: Pages
    alerts: list[AlertStory]
    notes: list[Note]
    muted: list[Muted]
    refused: int
    reminding: Reminding
    answers_for: bool

    @property
    def day_legend(self) -> list[Day]:
        return LEGEND

    @property
    def live(self) -> list[AlertStory]:
        return [alert for alert in self.alerts if alert.is_live]


def show(user: User, episode_id: UUID, now: datetime, *, page: int = 1, recent: bool = False) -> Screen:
    """Raises Episode.DoesNotExist for a stranger. As many queries for a long history as for a short one."""
    episode = episode_of(user, episode_id)
    clock = Clock(now, ZoneInfo(episode.clinic.time_zone))
    said, is_cut = said_in(user, episode)
    alerts = alerts_of(user, episode)
    check_ins = [one.check_in for one in said]
    dues = due_now(episode, [row for row in check_ins if row.withdrawn_at is None], now)
    pages = _pages(page, len(said), is_cut)
    start = (pages.number - 1) * PER_PAGE
    stories = [story_of(alert, episode, user, clock) for alert in alerts]
    return Screen(
        id=episode.uuid,
        person=person_of(episode, now),
        numbers=numbers_of(episode),
        now=now_of(episode, check_ins, clock),
        about=about_of(episode, clock),
        course=course_of(episode, said, _opened(alerts, stories), dues, recent=recent, clock=clock),
        weeks=weeks_of(
            episode, said, dues, hrefs=_hrefs(said, recent=recent), until=_last_day(episode, said, now)
        ),
        entries=entries_of(said[start : start + PER_PAGE], episode, clock),
        pages=pages,
        alerts=stories,
        notes=notes_of(user, episode, clock),
        muted=muted_now(episode, clock),
        refused=access.quarantine(user).filter(episode=episode, reviewed_at=None).count(),
        reminding=reminding_of(episode, clock),
        answers_for=episode.is_answered_for,  # type: ignore[attr-defined]
    )


def _pages(number: int, total: int, is_cut: bool) -> Pages:
    last = max(ceil(total / PER_PAGE), 1)
    return Pages(min(max(number, 1), last), last, total, is_cut)


def _hrefs(said: Sequence[Said], *, recent: bool) -> dict[str, str]:
    """Where on the page each check-in stands: its page and its place there."""
    course = "&course=recent" if recent else ""
    return {
        one.anchor: f"?page={index // PER_PAGE + 1}{course}#{one.anchor}" for index, one in enumerate(said)
    }


def _opened(alerts: Sequence[Alert], stories: Sequence[AlertStory]) -> list[Opened]:
    return [
        Opened(alert.first_assessment.effective_at, Tier(alert.tier), story.name)
        for alert, story in zip(alerts, stories, strict=True)
    ]


def _last_day(episode: Episode, said: Sequence[Said], now: datetime) -> datetime:
    until = min(now, episode.ended_at) if episode.ended_at else now
    return max([until, *(one.check_in.effective_at for one in said)])
