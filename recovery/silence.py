"""Silence is a signal too: slots that closed without a check-in, found by their due time, never by a scan."""

import logging
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from recovery import assessments, audit
from recovery.clinical import protocol as protocols
from recovery.clinical.assessment import Assessment as Verdict
from recovery.clinical.assessment import assess_silence
from recovery.clinical.facts import hours_between
from recovery.clinical.protocol import Protocol
from recovery.clinical.tiers import Tier
from recovery.models import Assessment, CheckIn, Episode, Pause

log = logging.getLogger(__name__)

NOT_JUDGED = "faulty"
"""In place of a slot: the silence of this episode cannot be judged, and somebody has to look."""


def judge_due(*, limit: int, now: datetime) -> int:
    """The watch's turn: judge every slot that closed by `now`, of at most `limit` episodes. Returns how many episodes.

    A slot that closed empty leaves one assessment, owed to the team like any other. After an outage every slot is
    judged as of its own closing, so nothing is skipped and nothing doubled. An episode whose time is over ends.
    """
    due = Episode.objects.filter(status=Episode.Status.ACTIVE, next_due_at__lte=now).exclude(
        silence_next_at__gt=Now()
    )
    done = 0
    for episode_id in due.order_by("next_due_at").values_list("pk", flat=True)[:limit]:
        try:
            done += judge_slots(episode_id=episode_id, now=now)
        except Exception as error:
            log.error("the silence of episode %s could not be judged: %s", episode_id, type(error).__name__)
            _count_failure(episode_id, now=now)
    return done


@transaction.atomic
def _count_failure(episode_id: int, *, now: datetime) -> None:
    """Wait longer each time, at most an hour. After five times the team is shown that nobody judges this silence."""
    episode = Episode.objects.select_for_update(no_key=True).get(pk=episode_id)
    attempts = episode.silence_attempts + 1
    Episode.objects.filter(pk=episode_id).update(
        silence_attempts=attempts,
        silence_next_at=Now() + timedelta(seconds=min(2 ** min(attempts, 12), 3600)),
    )
    if attempts == Assessment.MAX_ATTEMPTS and episode.next_due_at is not None:
        Assessment.objects.get_or_create(
            episode=episode,
            silent_slot=NOT_JUDGED,
            defaults={"clinic_id": episode.clinic_id, "judged_at": now}
            | assessments.columns(None, episode=episode, at=episode.next_due_at),
        )


@transaction.atomic
def judge_slots(*, episode_id: int, now: datetime) -> bool:
    """Judge what closed by `now` for one episode. False when nothing was due, or somebody else is at it."""
    episode = (
        Episode.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        .select_related("clinic")
        .filter(pk=episode_id, status=Episode.Status.ACTIVE, next_due_at__lte=now)
        .first()
    )
    if episode is None or episode.next_due_at is None:
        return False
    protocol = protocols.get(episode.protocol)
    due_at: datetime | None = episode.next_due_at
    while due_at is not None and due_at <= now:
        _judge_slot(episode, protocol, closed_at=due_at, now=now)
        due_at = _next_close(episode, protocol, after=due_at)
    if due_at is None:
        _end(episode, now=now)
    else:
        Episode.objects.filter(pk=episode.pk).update(
            next_due_at=due_at, silence_attempts=0, silence_next_at=None
        )
    return True


def judge_latest_anew(*, episode: Episode, now: datetime) -> None:
    """Judge the latest silence again, after the record was corrected: whoever never started is more urgent with a
    tumour. What weighs more takes the place of the verdict before it, and is owed to the team; less changes nothing.

    Inside a transaction that holds the episode.
    """
    judged = Assessment.objects.filter(episode=episode, silent_slot__isnull=False, is_current=True)
    latest = judged.exclude(silent_slot=NOT_JUDGED).order_by("-effective_at").first()
    if latest is None or episode.status != Episode.Status.ACTIVE:
        return
    try:
        verdict = _verdict(episode, protocols.get(episode.protocol), closed_at=latest.effective_at)
    except (
        Exception
    ) as error:  # the correction must be kept whatever a rule does; the next slot is judged by it
        log.error("the silence of episode %s could not be judged anew: %s", episode.pk, type(error).__name__)
        return
    if verdict.tier > (latest.tier or Tier.NONE):
        judged.filter(pk=latest.pk).update(is_current=False)
        _keep(episode, verdict, slot=latest.silent_slot, closed_at=latest.effective_at, now=now)


def _judge_slot(episode: Episode, protocol: Protocol, *, closed_at: datetime, now: datetime) -> None:
    verdict = _verdict(episode, protocol, closed_at=closed_at)
    if not verdict.findings or verdict.slot is None:
        return
    try:
        with transaction.atomic():
            _keep(episode, verdict, slot=verdict.slot, closed_at=closed_at, now=now)
    except IntegrityError:
        return  # this slot was judged before


def _verdict(episode: Episode, protocol: Protocol, *, closed_at: datetime) -> Verdict:
    reports = CheckIn.objects.filter(episode=episode, effective_at__lte=closed_at, withdrawn_at=None)
    return assess_silence(
        protocol=protocol,
        procedure=assessments.procedure_of(episode),
        baseline=assessments.baseline_of(episode),
        reports=[
            assessments.report_of(check_in) for check_in in reports.order_by("effective_at", "client_id")
        ],
        now=closed_at,
        excused=list(
            Pause.objects.filter(episode=episode).order_by("from_at").values_list("from_at", "until_at")
        ),
    )


def _keep(
    episode: Episode, verdict: Verdict, *, slot: str | None, closed_at: datetime, now: datetime
) -> None:
    Assessment.objects.create(
        clinic_id=episode.clinic_id,
        episode=episode,
        silent_slot=slot,
        judged_at=now,
        next_attempt_at=Now(),
        **assessments.columns(verdict, episode=episode, at=closed_at),
    )


def _next_close(episode: Episode, protocol: Protocol, *, after: datetime) -> datetime | None:
    hours = hours_between(episode.procedure_at, after)
    closes = (slot.close_h for slot in protocol.slots if slot.close_h > hours)
    first = min(closes, default=None)
    return None if first is None else episode.procedure_at + timedelta(hours=first)


def _end(episode: Episode, *, now: datetime) -> None:
    """The last slot has closed: the recovery is over, unless the team extends it. Its open alerts stay open."""
    Episode.objects.filter(pk=episode.pk, status=Episode.Status.ACTIVE).update(
        status=Episode.Status.ENDED, ended_at=now, next_due_at=None
    )
    audit.record(
        what="ended episode", now=now, clinic=episode.clinic, subject=episode, reason="last slot closed"
    )
