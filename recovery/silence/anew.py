"""Silence that was judged on what was known then, judged anew when something came late or was corrected.

A slot keeps every verdict it had. The current one may hold nothing any more: what filled the slot was received late.
"""

import logging
from datetime import datetime

from django.db.models import QuerySet, Value
from django.db.models.functions import Least

from recovery.clinical.assessment import Assessment as Verdict
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
    """
    if episode.rejudge_from is None:
        return 0
    standing = list(_standing(episode.pk, episode.rejudge_from).order_by("effective_at", "pk"))
    watched = Watched.of(episode)
    closings = [Closing(watched, row.effective_at) for row in standing]
    told = reading.told_by(closings)
    try:
        verdicts = [judged(closing, stored) for closing, stored in zip(closings, told, strict=True)]
    except Exception as error:
        log.error("the silence of episode %s could not be judged anew: %s", episode.pk, type(error).__name__)
        return None
    changed = [
        (row, verdict) for row, verdict in zip(standing, verdicts, strict=True) if not _same(row, verdict)
    ]
    Assessment.objects.filter(pk__in=[row.pk for row, _ in changed]).update(is_current=False)
    writing.write([(watched, verdict) for _, verdict in changed], now=now, owed=True)
    return len(changed)


def _standing(episode_id: int, from_at: datetime) -> QuerySet[Assessment]:
    """A timer sees what was felt at its own instant, too, hence `gte` (specification 6.10)."""
    return Assessment.objects.filter(
        episode=episode_id, silent_slot__isnull=False, is_current=True, effective_at__gte=from_at
    ).exclude(silent_slot=NOT_JUDGED)


def _same(row: Assessment, verdict: Verdict) -> bool:
    found = [finding.to_document() for finding in verdict.findings]
    return (row.protocol, row.tier, row.findings) == (verdict.protocol, verdict.tier, found)
