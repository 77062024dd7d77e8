"""The watch's turn: every slot that has closed is judged as of its closing. Many episodes at a time, each for itself.

What silence judging needs of an episode is few and small, so a batch is claimed, read, judged and written by one
statement each. An episode that fails keeps no other from its turn, whether in Python or in the database.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from recovery import audit
from recovery.clinical import protocol as protocols
from recovery.models import Assessment, Episode
from recovery.silence import reading, writing
from recovery.silence.closings import Closing, Watched, closed_by, judged, next_look

log = logging.getLogger(__name__)

NOT_JUDGED = "faulty"
"""In place of a slot: the silence of this episode cannot be judged, and somebody has to look."""


def judge_due(*, limit: int, now: datetime) -> int:
    """Judge every slot that closed by `now`, of at most `limit` episodes. Returns of how many it did.

    A slot that closed empty leaves one assessment, owed to the team like any other. After an outage every slot is
    judged as of its own closing, so nothing is skipped and nothing doubled. An episode whose time is over ends.
    """
    try:
        with transaction.atomic():
            done, failed = _judge(reading.claim_due(limit=limit, now=now), now=now)
    except Exception as error:
        log.error("silence is judged episode by episode: %s", type(error).__name__)
        return sum(judge_alone(pk, now=now) for pk in reading.name_due(limit=limit, now=now))
    for pk, fault in failed.items():
        _count_failure(pk, fault, now=now)
    return done


@transaction.atomic
def judge_slots(*, episode_id: int, now: datetime) -> bool:
    """Judge what closed by `now` for one episode. False when nothing was due, or somebody else is at it."""
    done, failed = _judge(reading.claim_one(episode_id, now=now), now=now)
    for fault in failed.values():
        raise fault
    return bool(done)


def judge_alone(episode_id: int, *, now: datetime) -> bool:
    """The same, but a failure is counted instead of raised: it keeps nobody else from what they are about."""
    try:
        return judge_slots(episode_id=episode_id, now=now)
    except Exception as error:
        _count_failure(episode_id, error, now=now)
        return False


def _judge(episodes: Sequence[Watched], *, now: datetime) -> tuple[int, dict[int, Exception]]:
    """Judge these, which are locked. How many it did, and what went wrong with the others."""
    failed: dict[int, Exception] = {}
    closings: list[Closing] = []
    looks: dict[int, datetime | None] = {}
    for episode in episodes:
        try:
            looks[episode.id] = next_look(episode, after=now)
            closings += closed_by(now, episode)
        except Exception as error:
            failed[episode.id] = error
    verdicts = []
    for closing, told in zip(closings, reading.told_by(closings), strict=True):
        try:
            verdict = judged(closing, told)
        except Exception as error:
            failed.setdefault(closing.episode.id, error)
        else:
            if verdict.findings:
                verdicts.append((closing.episode, verdict))
    writing.write([each for each in verdicts if each[0].id not in failed], now=now)
    done = [episode for episode in episodes if episode.id not in failed]
    writing.move_on({episode.id: at for episode in done if (at := looks[episode.id]) is not None})
    _end([episode.id for episode in done if looks[episode.id] is None], now=now)
    _is_judged_again([episode.id for episode in done if episode.failures >= Assessment.MAX_ATTEMPTS], now=now)
    return len(done), failed


def _end(episode_ids: Sequence[int], *, now: datetime) -> None:
    """The last slot has closed: the recovery is over, unless the team extends it. Its open alerts stay open.

    The sequence moves on as in `writing.move_on`: a report that is being taken at this instant has read neither the
    silence that was just judged nor that it is owed, and would leave it standing beside what it says.
    """
    if not episode_ids:
        return
    Episode.objects.filter(pk__in=episode_ids, status=Episode.Status.ACTIVE).update(
        status=Episode.Status.ENDED, ended_at=now, next_due_at=None, sequence=F("sequence") + 1
    )
    for episode in Episode.objects.filter(pk__in=episode_ids).select_related("clinic"):
        audit.record(
            what="ended episode", now=now, clinic=episode.clinic, subject=episode, reason="last slot closed"
        )


@transaction.atomic
def _count_failure(episode_id: int, error: Exception, *, now: datetime) -> None:
    """Wait longer each time, at most an hour. After five times the team is shown that nobody judges this silence."""
    log.error("the silence of episode %s could not be judged: %s", episode_id, type(error).__name__)
    episode = Episode.objects.select_for_update(no_key=True).get(pk=episode_id)
    attempts = episode.silence_attempts + 1
    Episode.objects.filter(pk=episode_id).update(
        silence_attempts=attempts,
        silence_next_at=Now() + timedelta(seconds=min(2 ** min(attempts, 12), 3600)),
    )
    if attempts == Assessment.MAX_ATTEMPTS and episode.next_due_at is not None:
        hours = episode.hours_at(episode.next_due_at)
        Assessment.objects.get_or_create(
            episode=episode,
            silent_slot=NOT_JUDGED,
            is_current=True,
            defaults={
                "clinic_id": episode.clinic_id,
                "protocol": episode.protocol,
                "judged_at": now,
                "effective_at": episode.next_due_at,
                "hours": hours,
                "phase": protocols.get_or_default(episode.protocol).phase_at(hours).id,
            },
        )


def _is_judged_again(episode_ids: Sequence[int], *, now: datetime) -> None:
    """What was shown of a fault keeps standing; the next fault is shown anew."""
    if not episode_ids:
        return
    shown = Assessment.objects.filter(episode__in=episode_ids, silent_slot=NOT_JUDGED, is_current=True)
    shown.filter(flagged_at=None).update(
        is_current=False, flagged_at=now, flagged_by=Assessment.FlaggedBy.WATCH
    )
    shown.update(is_current=False)
