"""Silence that was judged on what was known then, judged anew when something came late, was corrected or moved.

A slot keeps every verdict it had. The current one may hold nothing any more: what filled the slot was received late.
"""

import logging
from datetime import datetime, timedelta

from django.db.models import QuerySet, Value
from django.db.models.functions import Least

from recovery.clinical import protocol as protocols
from recovery.clinical.assessment import Assessment as Verdict
from recovery.clinical.tiers import Tier
from recovery.models import Assessment, Episode
from recovery.silence import reading, writing
from recovery.silence.closings import Closing, Watched, judged
from recovery.silence.due import NOT_JUDGED

log = logging.getLogger(__name__)


def has_judged_since(episode_id: int, from_at: datetime) -> bool:
    """Whether a silence was judged that a report felt at `from_at` could change."""
    return _standing(episode_id, from_at).exists()


def owe_anew(episode_id: int, *, from_at: datetime) -> None:
    """Have the silence since then judged anew, if there is any."""
    if has_judged_since(episode_id, from_at):
        Episode.objects.filter(pk=episode_id).update(rejudge_from=Least("rejudge_from", Value(from_at)))


def rejudge(episode: Episode, *, now: datetime) -> int | None:
    """Judge anew, each as of its closing, the silences since the episode's `rejudge_from`. Returns how many changed.

    A changed verdict becomes the current one of its slot and is owed to the team. Called when the check-ins are judged,
    in the transaction that holds the episode. None when it cannot be done now, with nothing changed.

    Where the procedure time was changed, slots close at other instants: each is judged as of its closing by the new
    time, and one that is open again holds nothing until it closes.
    """
    if episode.rejudge_from is None:
        return 0
    standing = list(_standing(episode.pk, episode.rejudge_from).order_by("effective_at", "pk"))
    watched = Watched.of(episode)
    until = min(now, episode.ended_at or now)
    closed: list[tuple[Assessment, datetime]] = []
    open_again: list[tuple[Assessment, datetime]] = []
    try:
        for row in standing:
            at = _close_of(row, watched)
            (open_again if at != row.effective_at and at > until else closed).append((row, at))
        closings = [Closing(watched, at) for _, at in closed]
        verdicts = [
            judged(closing, told) for closing, told in zip(closings, reading.told_by(closings), strict=True)
        ]
    except Exception as error:
        log.error("the silence of episode %s could not be judged anew: %s", episode.pk, type(error).__name__)
        return None
    changed = [
        (row, verdict) for (row, _), verdict in zip(closed, verdicts, strict=True) if not _same(row, verdict)
    ]
    gone = [row for row, _ in changed] + [row for row, _ in open_again]
    Assessment.objects.filter(pk__in=[row.pk for row in gone]).update(is_current=False)
    writing.write([(watched, verdict) for _, verdict in changed], now=now, owed=True)
    Assessment.objects.bulk_create(_nothing_yet(row, episode, now=now) for row, _ in open_again)
    return len(gone)


def _close_of(row: Assessment, watched: Watched) -> datetime:
    """When the slot of a verdict closes by what is recorded of the procedure now."""
    slots = protocols.get(watched.protocol).slots
    close_h = next((slot.close_h for slot in slots if slot.id == row.silent_slot), None)
    return row.effective_at if close_h is None else watched.procedure.at + timedelta(hours=close_h)


def _nothing_yet(row: Assessment, episode: Episode, *, now: datetime) -> Assessment:
    """What is told of a slot that is open again: never current, so that its closing is judged; and after it the same
    finding is a new one."""
    hours = episode.hours_at(now)
    return Assessment(
        clinic_id=episode.clinic_id,
        episode=episode,
        silent_slot=row.silent_slot,
        is_current=False,
        protocol=episode.protocol,
        judged_at=now,
        effective_at=now,
        hours=hours,
        phase=protocols.get(episode.protocol).phase_at(hours).id,
        slot=row.silent_slot,
        tier=Tier.NONE,
        findings=[],
        notes=[],
    )


def _standing(episode_id: int, from_at: datetime) -> QuerySet[Assessment]:
    """A timer sees what was felt at its own instant, too, hence `gte` (specification 6.10)."""
    return Assessment.objects.filter(
        episode=episode_id, silent_slot__isnull=False, is_current=True, effective_at__gte=from_at
    ).exclude(silent_slot=NOT_JUDGED)


def _same(row: Assessment, verdict: Verdict) -> bool:
    found = [finding.to_document() for finding in verdict.findings]
    stands = (row.protocol, row.tier, row.findings, row.effective_at)
    return stands == (verdict.protocol, verdict.tier, found, verdict.at)
