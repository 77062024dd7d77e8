"""The patients of my teams: those whose recovery runs, and whoever is looked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from uuid import UUID

from django.db.models import Count, F, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Lower

from recovery import access
from recovery.clinical.tiers import Tier
from recovery.dashboard.screens.finding_patients import matching
from recovery.dashboard.screens.patient_now import heard_words, silent_words
from recovery.dashboard.screens.person import Person, person_of
from recovery.dashboard.screens.place import Clock, Place, clock_of, place_of
from recovery.models import CheckIn, Episode, User

PER_PAGE = 50
MOST_FOUND = 50


@dataclass(frozen=True, slots=True)
class PatientRow:
    id: UUID
    person: Person
    place: Place
    procedure: str
    heard: str
    silent: str
    state: str
    team: str
    live: int
    worst: Tier


@dataclass(frozen=True, slots=True)
class Roster:
    """Running recoveries: one page of them."""

    clock: Clock
    rows: list[PatientRow]
    running: int
    silent: int
    only_silent: bool
    page: int
    last: int
    has_team: bool


@dataclass(frozen=True, slots=True)
class Finds:
    rows: list[PatientRow]
    has_more: bool


def running(user: User, now: datetime, *, page: int, only_silent: bool) -> Roster:
    """By name; the silent ones by how long they have been silent. As many queries for many as for one."""
    clock = clock_of(user, now)
    episodes = _heard(access.episodes(user), user).exclude(status=Episode.Status.ENDED)
    outline = list(
        episodes.only("uuid", "procedure_at", "protocol", "status")
        .prefetch_related("pauses")
        .order_by(Lower("patient__name"), "pk")
    )
    silent = [episode for episode in outline if _silent(episode, now)]
    listed = outline
    if only_silent:
        listed = sorted(
            silent, key=lambda episode: (_completed_at(episode) or episode.procedure_at, episode.pk)
        )
    last = max(ceil(len(listed) / PER_PAGE), 1)
    page = min(max(page, 1), last)
    return Roster(
        clock=clock,
        rows=_rows([e.pk for e in listed[(page - 1) * PER_PAGE : page * PER_PAGE]], user, clock),
        running=len(outline),
        silent=len(silent),
        only_silent=only_silent,
        page=page,
        last=last,
        has_team=bool(outline) or access.memberships(user).exists(),
    )


def found(user: User, typed: str, clock: Clock) -> Finds:
    """Running recoveries first, then those that have ended, the latest first."""
    hits = matching(access.episodes(user), typed).order_by(
        F("ended_at").desc(nulls_first=True), Lower("patient__name"), "pk"
    )
    keys = list(hits.values_list("pk", flat=True)[: MOST_FOUND + 1])
    return Finds(_rows(keys[:MOST_FOUND], user, clock), len(keys) > MOST_FOUND)


def _rows(keys: Sequence[int], user: User, clock: Clock) -> list[PatientRow]:
    """Three queries. In the order of the keys."""
    episodes = _heard(access.episodes(user).filter(pk__in=keys), user)
    by_key = {
        episode.pk: episode
        for episode in episodes.select_related("patient", "clinic", "team").prefetch_related("pauses")
    }
    counts = access.alerts(user).live().filter(episode__in=keys).values("episode")
    live: dict[int, tuple[int, int]] = {
        key: (count, worst)
        for key, count, worst in counts.annotate(count=Count("pk"), worst=Max("tier")).values_list(
            "episode", "count", "worst"
        )
    }
    return [_row(by_key[key], *live.get(key, (0, 0)), clock) for key in keys if key in by_key]


def _row(episode: Episode, live: int, worst: int, clock: Clock) -> PatientRow:
    state = ""
    if episode.status == Episode.Status.PAUSED:
        state = "Paused"
    elif episode.ended_at is not None:
        state = f"Ended {clock.moment(episode.ended_at)}"
    at = min(clock.now, episode.ended_at) if episode.ended_at else clock.now
    return PatientRow(
        id=episode.uuid,
        person=person_of(episode, clock.now),
        place=place_of(episode, at),
        procedure=Episode.Procedure(episode.procedure).label,
        heard=heard_words(getattr(episode, "heard_at", None), clock),
        silent=_silent(episode, clock.now),
        state=state,
        team=episode.team.name,
        live=live,
        worst=Tier(worst),
    )


def _heard(episodes: QuerySet[Episode], user: User) -> QuerySet[Episode]:
    """With when something last arrived, and when the last completed check-in was felt."""
    reports = access.check_ins(user).filter(episode=OuterRef("pk"), withdrawn_at=None)
    completed = reports.filter(status=CheckIn.Status.COMPLETED)
    return episodes.annotate(
        heard_at=Subquery(reports.order_by("-received_at").values("received_at")[:1]),
        completed_at=Subquery(completed.order_by("-effective_at").values("effective_at")[:1]),
    )


def _silent(episode: Episode, now: datetime) -> str:
    return silent_words(episode, _completed_at(episode), now)


def _completed_at(episode: Episode) -> datetime | None:
    """As `_heard` has put it there."""
    at: datetime | None = getattr(episode, "completed_at", None)
    return at
