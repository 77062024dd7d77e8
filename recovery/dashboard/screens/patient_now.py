"""How a patient stands at this moment. Asked again while the page is open, so that it says when it is old."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, Q

from recovery import access
from recovery.clinical import protocol as protocols
from recovery.clinical.tiers import Tier
from recovery.dashboard.screens.course import pauses_of
from recovery.dashboard.screens.patient_reports import MOST
from recovery.dashboard.screens.place import Clock, Place, place_of
from recovery.dashboard.screens.slots import Became, Due, Felt, dues_of, missed_since
from recovery.dashboard.wording import counted, span
from recovery.models import Alert, CheckIn, Episode, User


@dataclass(frozen=True, slots=True)
class Now:
    """`content` is a word for everything the page tells; `tag` also turns with the minute, as the hour does."""

    id: UUID
    clock: Clock
    place: Place
    advice: str
    status: str
    paused: str
    ended: str
    silent: str
    heard: str
    due: str
    live: int
    worst: Tier
    content: str
    tag: str
    is_old: bool


def episode_of(user: User, episode_id: UUID) -> Episode:
    """Raises Episode.DoesNotExist for a stranger."""
    return (
        access.episodes(user)
        .select_related("patient", "clinic", "team", "preferences", "phone_sign")
        .prefetch_related("pauses")
        .annotate(is_answered_for=access.answers_for(user))
        .get(uuid=episode_id)
    )


def state_of(user: User, episode_id: UUID, now: datetime, *, seen: str) -> Now:
    """How it stands, for a page that shows what was `seen`."""
    episode = episode_of(user, episode_id)
    rows = access.check_ins(user).filter(episode=episode, withdrawn_at=None).order_by("-effective_at")
    narrow = rows.only("episode_id", "effective_at", "received_at", "status", "withdrawn_at")[:MOST]
    return now_of(episode, list(narrow), Clock(now, ZoneInfo(episode.clinic.time_zone)), seen=seen)


def now_of(episode: Episode, check_ins: Sequence[CheckIn], clock: Clock, *, seen: str = "") -> Now:
    """Three queries more. Without `seen` the page is being made now."""
    counting = [row for row in check_ins if row.withdrawn_at is None]
    alerts = episode.alerts.aggregate(
        changed_at=Max("changed_at"),
        live=Count("pk", filter=Q(status__in=Alert.LIVE)),
        worst=Max("tier", filter=Q(status__in=Alert.LIVE)),
    )
    judged = episode.assessments.aggregate(last=Max("pk"))["last"]
    changed = episode.events.aggregate(last=Max("pk"))["last"]
    content = _hashed(episode.sequence, episode.status, alerts, judged, changed)
    return Now(
        id=episode.uuid,
        clock=clock,
        place=place_of(episode, episode.ended_at or clock.now),
        advice=protocols.get(episode.protocol).phase_at(episode.hours_at(clock.now)).advice,
        status=episode.status,
        paused=_paused(episode, clock),
        ended=f"Ended {clock.moment(episode.ended_at)}" if episode.ended_at else "",
        silent=silent_words(episode, _last_completed(counting), clock.now),
        heard=heard_words(max((row.received_at for row in counting), default=None), clock),
        due=_due_words(due_now(episode, counting, clock.now), episode, clock),
        live=alerts["live"],
        worst=Tier(alerts["worst"] or Tier.NONE),
        content=content,
        tag=_hashed(content, seen or content, int(clock.now.timestamp() // 60)),
        is_old=bool(seen) and seen != content,
    )


def due_now(episode: Episode, counting: Sequence[CheckIn], now: datetime) -> list[Due]:
    felt = [Felt(episode.hours_at(row.effective_at), row.completed) for row in counting]
    return dues_of(episode, protocols.get(episode.protocol), felt, pauses_of(episode), now)


def silent_words(episode: Episode, last_completed_at: datetime | None, now: datetime) -> str:
    """For example "Silent: 2 check-ins missed"; empty when nothing is missed, or nothing was expected."""
    if episode.status != Episode.Status.ACTIVE:
        return ""
    missed = missed_since(
        protocols.get(episode.protocol), episode.procedure_at, last_completed_at, pauses_of(episode), now
    )
    return f"Silent: {counted(len(missed), 'check-in', 'check-ins')} missed" if missed else ""


def heard_words(received_at: datetime | None, clock: Clock) -> str:
    if received_at is None:
        return "Never heard from"
    return f"Heard from {span(clock.now - received_at)} ago ({clock.moment(received_at)})"


def _last_completed(counting: Sequence[CheckIn]) -> datetime | None:
    return max((row.effective_at for row in counting if row.completed), default=None)


def _paused(episode: Episode, clock: Clock) -> str:
    running = next((pause for pause in episode.pauses.all() if pause.until_at is None), None)
    if running is None:
        return ""
    return f"Paused since {clock.moment(running.from_at)}: {running.reason or 'no reason recorded'}"


def _due_words(dues: Sequence[Due], episode: Episode, clock: Clock) -> str:
    if episode.status != Episode.Status.ACTIVE:
        return (
            "none while paused" if episode.status == Episode.Status.PAUSED else "none: the recovery has ended"
        )
    for due in dues:
        if due.became is Became.OPEN:
            return f"due now, until {clock.moment(due.closes_at)}"
        if due.became is Became.LATER:
            return f"from {clock.moment(due.opens_at)}"
    return "none left"


def _hashed(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
