"""When the procedure was, changed: time zero moves, and with it every hour, every slot, every silence.

What a phone said stays as it said it. The instants that follow from it and from time zero are worked out anew.
"""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from recovery import reminders
from recovery.clinical import protocol as protocols
from recovery.clinical.facts import effective_at
from recovery.clinical.timeline import date_only_procedure
from recovery.corrections import PROCEDURE, replace
from recovery.episodes import MAY_CHANGE, EpisodeRefused, locked
from recovery.models import CheckIn, Episode, Pause, User

LONGEST_AGO = timedelta(days=366)
"""What lies further back is a slip of the pen, also for a recovery that has ended."""


@transaction.atomic
def change(
    *,
    episode_id: UUID,
    procedure_at: datetime,
    time_estimated: bool,
    reason: str,
    by: User,
    now: datetime,
    seen: str | None = None,
) -> Episode:
    """Move time zero. With `time_estimated` only the date counts, in the patient's zone.

    The plan for the blood thinner is kept in hours after the procedure, so it moves, too. Refuses a time to come, and
    one by which the recovery would be over: it would end at once, and for good. `seen`: what `as_seen` gave.
    """
    episode = locked(episode_id, by, MAY_CHANGE, reason)
    zone = ZoneInfo(episode.time_zone)
    if time_estimated:
        procedure_at, _ = date_only_procedure(procedure_at.astimezone(zone).date(), zone)
    if procedure_at > now:
        raise EpisodeRefused("This is later than now. Check the day and the time.")
    planned_end = procedure_at + timedelta(hours=protocols.get(episode.protocol).ends_h)
    extended_until = episode.extended_until
    if extended_until is not None and extended_until <= planned_end:
        extended_until = None  # the plan itself runs as long by now
    if episode.status != Episode.Status.ENDED and (extended_until or planned_end) <= now:
        raise EpisodeRefused(
            "This is so long ago that the recovery is over. Check the year; if it is right, end the recovery instead."
        )
    if procedure_at < now - LONGEST_AGO:
        raise EpisodeRefused("This is more than a year ago. Check the year.")
    moved = replace(
        episode,
        PROCEDURE,
        {"procedure_at": procedure_at, "time_estimated": time_estimated},
        seen=seen,
        reason=reason,
        by=by,
        now=now,
        extended_until=extended_until,
        next_due_at=_first_close(episode, procedure_at),
    )
    _move_check_ins(moved)
    _excuse_what_was_never_asked(moved)
    reminders.look_again(moved, now=now)
    return moved


def _first_close(episode: Episode, procedure_at: datetime) -> datetime | None:
    """The watch looks at the first slot again, and at every other that has closed by the new time. A slot on which a
    verdict stands already gets another when everything is judged anew (silence.rejudge)."""
    if episode.status != Episode.Status.ACTIVE:
        return None
    first_h = protocols.get(episode.protocol).due_h_after(None)
    return None if first_h is None else procedure_at + timedelta(hours=first_h)


def _move_check_ins(episode: Episode) -> None:
    """A time felt before the procedure is not believed (specification 6.8); which those are follows from time zero."""
    moved = []
    for check_in in CheckIn.objects.filter(episode=episode).only(
        "observed_at", "received_at", "effective_at", "clock_suspect"
    ):
        at, suspect = effective_at(check_in.observed_at, check_in.received_at, episode.procedure_at)
        if (at, suspect) != (check_in.effective_at, check_in.clock_suspect):
            check_in.effective_at, check_in.clock_suspect = at, suspect
            moved.append(check_in)
    CheckIn.objects.bulk_update(moved, ["effective_at", "clock_suspect"])


def _excuse_what_was_never_asked(episode: Episode) -> None:
    """Check-ins whose time was over before the patient was enrolled are not missed, as of whoever is enrolled late."""
    first_h = protocols.get(episode.protocol).due_h_after(None)
    began = episode.procedure_at
    if first_h is None or began + timedelta(hours=first_h) > episode.started_at:
        return
    if not episode.pauses.filter(from_at__lte=began, until_at__gte=episode.started_at).exists():
        Pause.objects.create(
            clinic_id=episode.clinic_id,
            episode=episode,
            from_at=began,
            until_at=episode.started_at,
            reason="Enrolled later than this.",
        )
