"""Judging against the database: what the clinical core needs is read here, and what it says is stored here."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from recovery import clinical, silence, statements
from recovery.clinical import protocol as protocols
from recovery.clinical.assessment import assess
from recovery.clinical.facts import (
    SYMPTOMS,
    Baseline,
    Earlier,
    Procedure,
    Report,
    Temperature,
    effective_at,
    read_temperature,
)
from recovery.clinical.tiers import Tier
from recovery.models import Assessment, CheckIn, CheckInRevision, Episode

log = logging.getLogger(__name__)

GRACE = timedelta(seconds=2)
"""How long the watch leaves fresh work to Celery, in real time."""

_NOTHING_REPORTED: Mapping[str, frozenset[str]] = {}

# Columns, not documents: what judging needs of each earlier check-in and no more (by the index check_in_history).
_HISTORY = """
    SELECT effective_at, client_id::text, status = 'completed', pain,
           answers #>> '{temp,value}', answers #>> '{temp,unit}', reported,
           CASE WHEN reported IS NOT NULL THEN answers -> 'weakness_where' END,
           CASE WHEN reported IS NOT NULL THEN answers -> 'numbness_where' END
    FROM recovery_checkin
    WHERE episode_id = %s AND effective_at < %s AND client_id <> %s AND withdrawn_at IS NULL
    ORDER BY effective_at, client_id
"""


def procedure_of(episode: Episode) -> Procedure:
    latest_at = None
    if episode.time_estimated:
        local = episode.procedure_at.astimezone(ZoneInfo(episode.time_zone))
        latest_at = datetime.combine(local.date(), time(23, 59), tzinfo=ZoneInfo(episode.time_zone))
    restart_h = episode.blood_thinner_restart_h
    return Procedure(
        kind=episode.procedure,
        at=episode.procedure_at,
        risk_factors=frozenset(episode.risk_factors),
        blood_thinner_restart_h=None if restart_h is None else float(restart_h),
        latest_at=latest_at,
    )


def baseline_of(episode: Episode) -> Baseline | None:
    if episode.baseline is None or episode.baseline_at is None:
        return None
    return Baseline(episode.baseline_at, episode.baseline)


def history(*, episode_id: int, before: datetime, leaving_out: UUID) -> list[Earlier]:
    """The episode's check-ins felt before an instant, oldest first, but for the one that is to be judged itself."""
    return [_earlier(row) for row in statements.fetch_all(_HISTORY, [episode_id, before, leaving_out])]


def judge(
    *, episode: Episode, report: Report, earlier: Sequence[Earlier]
) -> clinical.assessment.Assessment | None:
    """The verdict of the episode's protocol; None when judging raised an error, which is then owed and tried again."""
    try:
        return assess(
            protocol=protocols.get(episode.protocol),
            procedure=procedure_of(episode),
            baseline=baseline_of(episode),
            history=earlier,
            report=report,
        )
    except Exception as error:  # the report must be kept whatever a rule does
        log.error("a check-in of episode %s could not be judged: %s", episode.uuid, type(error).__name__)
        return None


def columns(
    verdict: clinical.assessment.Assessment | None, *, episode: Episode, at: datetime
) -> dict[str, Any]:
    """A verdict (or its absence) as columns of an Assessment."""
    if verdict is None:
        hours = episode.hours_at(at)
        return {
            "protocol": episode.protocol,
            "effective_at": at,
            "hours": hours,
            "phase": protocols.get_or_default(episode.protocol).phase_at(hours).id,
            "slot": None,
            "tier": None,
            "findings": [],
            "notes": [],
        }
    return {
        "protocol": verdict.protocol,
        "effective_at": verdict.at,
        "hours": verdict.hours,
        "phase": verdict.phase,
        "slot": verdict.slot,
        "tier": int(verdict.tier),
        "findings": [finding.to_document() for finding in verdict.findings],
        "notes": list(verdict.notes),
    }


def report_of(check_in: CheckIn) -> Report:
    return _report(check_in, check_in.client_id)


def _report(said: CheckIn | CheckInRevision, client_id: UUID) -> Report:
    return Report(
        observed_at=said.observed_at,
        answers=said.answers,
        received_at=said.received_at,
        completed=said.status == CheckIn.Status.COMPLETED,
        id=str(client_id),
    )


def judge_stored(*, episode: Episode, check_in: CheckIn) -> clinical.assessment.Assessment | None:
    """Judge a check-in as it stands in the database against the history before it."""
    earlier = history(episode_id=episode.pk, before=check_in.effective_at, leaving_out=check_in.client_id)
    return judge(episode=episode, report=report_of(check_in), earlier=earlier)


def judge_revision(
    *, episode: Episode, check_in: CheckIn, old: CheckInRevision
) -> clinical.assessment.Assessment | None:
    """Judge a superseded revision as it was, against the history before it; at the instant that follows from when the
    procedure was, which may have been changed since."""
    at, _ = effective_at(old.observed_at, old.received_at, episode.procedure_at)
    earlier = history(episode_id=episode.pk, before=at, leaving_out=check_in.client_id)
    return judge(episode=episode, report=_report(old, check_in.client_id), earlier=earlier)


def replace(
    *, check_in: CheckIn, episode: Episode, verdict: clinical.assessment.Assessment | None, now: datetime
) -> Assessment:
    """Make a new verdict the current one of a check-in. The old one stays, no longer current. Inside a transaction."""
    Assessment.objects.filter(check_in=check_in, is_current=True).update(is_current=False)
    return Assessment.objects.create(
        clinic_id=episode.clinic_id,
        episode=episode,
        check_in=check_in,
        revision=check_in.revision,
        judged_at=now,
        next_attempt_at=Now() + GRACE,
        **columns(verdict, episode=episode, at=check_in.effective_at),
    )


def superseded(
    *,
    check_in: CheckIn,
    revision: int,
    episode: Episode,
    verdict: clinical.assessment.Assessment | None,
    at: datetime,
    now: datetime,
) -> Assessment:
    """The verdict on a revision that was superseded before it could be judged: never current, owed to the team."""
    return Assessment.objects.create(
        clinic_id=episode.clinic_id,
        episode=episode,
        check_in=check_in,
        revision=revision,
        is_current=False,
        judged_at=now,
        next_attempt_at=Now() + GRACE,
        **columns(verdict, episode=episode, at=at),
    )


def rejudge(*, episode_id: int, now: datetime) -> int:
    """Judge anew what an arrival out of order, a correction or a changed baseline left owed. Returns how many changed.

    A changed verdict becomes the current one and is owed to the team; an equal one changes nothing. The episode is
    locked, so no check-in can arrive meanwhile and be judged against a half-judged history.
    """
    with transaction.atomic():
        episode = (
            Episode.objects.select_for_update(of=("self",), no_key=True)
            .select_related("clinic")
            .get(pk=episode_id)
        )
        if episode.rejudge_from is None:
            return 0
        changed = 0
        later = CheckIn.objects.filter(
            episode=episode, effective_at__gt=episode.rejudge_from, withdrawn_at=None
        )
        current = {
            row.check_in_id: row
            for row in Assessment.objects.filter(episode=episode, check_in__in=later, is_current=True)
        }
        for check_in in later.order_by("effective_at", "client_id"):
            verdict = judge_stored(episode=episode, check_in=check_in)
            # One that cannot be judged now is owed by itself (and shown in the end); the others do not wait for it.
            if not _same(
                current.get(check_in.pk), columns(verdict, episode=episode, at=check_in.effective_at)
            ):
                replace(check_in=check_in, episode=episode, verdict=verdict, now=now)
                changed += 1
        changed += _rejudge_superseded(episode, now=now)
        silences = silence.rejudge(episode, now=now)
        if silences is None:  # no check-in waits for it
            _wait_longer(episode_id)
            return changed
        Episode.objects.filter(pk=episode.pk).update(
            rejudge_from=None, rejudge_attempts=0, rejudge_next_at=None
        )
        return changed + silences


def _rejudge_superseded(episode: Episode, *, now: datetime) -> int:
    """Find the red flags of superseded revisions that show only now that an earlier report has come. Had it come in
    time, they would have been told before they were corrected; a correction never takes a red flag back."""
    later = CheckInRevision.objects.filter(
        episode=episode, effective_at__gt=episode.rejudge_from, check_in__withdrawn_at=None
    )
    found = 0
    for old in later.select_related("check_in").order_by("effective_at", "pk"):
        check_in = old.check_in
        verdict = judge_revision(episode=episode, check_in=check_in, old=old)
        if verdict is not None and _urgent_news(verdict, check_in):
            superseded(
                check_in=check_in,
                revision=old.revision,
                episode=episode,
                verdict=verdict,
                at=old.effective_at,
                now=now,
            )
            found += 1
    return found


def _urgent_news(verdict: clinical.assessment.Assessment, check_in: CheckIn) -> bool:
    """Whether a finding at same_day or above stood in no assessment of this check-in so far, at that tier."""
    known = {
        (finding["rule"], Tier.of(finding["tier"]))
        for findings in Assessment.objects.filter(check_in=check_in).values_list("findings", flat=True)
        for finding in findings
    }
    return any(
        finding.tier >= Tier.SAME_DAY
        and not any(rule == finding.rule and tier >= finding.tier for rule, tier in known)
        for finding in verdict.findings
    )


def rejudge_owed(*, limit: int, now: datetime) -> int:
    """The watch's turn: episodes with a new judgement owed. One that fails waits longer each time, at most an hour; so
    does one of which whoever tried it died, for that is written down before."""
    due = Episode.objects.filter(rejudge_from__isnull=False).exclude(rejudge_next_at__gt=Now())
    done = 0
    for episode_id in due.order_by("rejudge_from").values_list("pk", flat=True)[:limit]:
        _wait_longer(episode_id)
        try:
            rejudge(episode_id=episode_id, now=now)
            done += 1
        except Exception as error:
            log.error("episode %s could not be judged anew: %s", episode_id, type(error).__name__)
    return done


def _wait_longer(episode_id: int) -> None:
    attempts = Episode.objects.values_list("rejudge_attempts", flat=True).get(pk=episode_id)
    Episode.objects.filter(pk=episode_id).update(
        rejudge_attempts=F("rejudge_attempts") + 1,
        rejudge_next_at=Now() + timedelta(seconds=min(2 ** min(attempts, 12), 3600)),
    )


def _same(row: Assessment | None, verdict: dict[str, Any]) -> bool:
    return row is not None and all(
        getattr(row, name) == verdict[name] for name in ("protocol", "tier", "findings", "notes", "hours")
    )


def _earlier(row: Sequence[Any]) -> Earlier:
    at, client_id, completed, pain, degrees, unit, reported, weakness_where, numbness_where = row
    if reported is None:  # nearly all: this runs for every earlier check-in with every new one
        return Earlier(at, client_id, completed, pain, _reading(degrees, unit), _NOTHING_REPORTED)
    places = {"weakness": weakness_where, "numbness": numbness_where}
    symptoms = {item: frozenset(places.get(item) or ()) for item in SYMPTOMS if item in reported}
    return Earlier(at, client_id, completed, pain, _reading(degrees, unit), symptoms)


@lru_cache(maxsize=1_024)
def _reading(degrees: str | None, unit: str | None) -> Temperature | None:
    if degrees is None:
        return None
    return read_temperature({"value": float(degrees), "unit": unit})[0]
