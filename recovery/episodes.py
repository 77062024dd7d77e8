"""What the team changes about how a recovery is watched. What is known of it is corrected in corrections.py."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from recovery import access, audit, silence
from recovery.alerts.moves import check_length
from recovery.errors import Refused
from recovery.local_time import clock_time
from recovery.models import Episode, EpisodeEvent, Membership, Pause, User

MAY_CHANGE = frozenset({Membership.Role.NURSE, Membership.Role.DOCTOR, Membership.Role.COORDINATOR})
MAY_END = frozenset({Membership.Role.NURSE, Membership.Role.DOCTOR})

NOTE = "note"
LONGEST_EXTENSION = timedelta(weeks=26)
"""From now. Whoever needs to be looked after for longer is extended again, by somebody who has looked."""

RUNNING = {"paused episode": "paused", "resumed episode": "resumed", "ended episode": "ended"}
"""Events that say whether a recovery runs, and how one says so of a colleague."""


class EpisodeRefused(Refused):
    code = "episode_refused"


@transaction.atomic
def pause(*, episode_id: UUID, reason: str, by: User, now: datetime) -> Episode:
    """Expect no check-ins (the patient is in hospital). Reports that come all the same are judged as ever."""
    episode = locked(episode_id, by, MAY_CHANGE, reason)
    if episode.status == Episode.Status.ACTIVE:
        silence.judge_alone(episode.pk, now=now)  # what closed before the pause is not excused by it
        episode.refresh_from_db(fields=["status", "ended_at"])  # it may have been over by that
    if episode.status != Episode.Status.ACTIVE:
        raise EpisodeRefused(f"Only a recovery that is watched can be paused. {_who_was_first(episode)}")
    Pause.objects.create(clinic_id=episode.clinic_id, episode=episode, from_at=now, reason=reason)
    Episode.objects.filter(pk=episode.pk).update(status=Episode.Status.PAUSED, next_due_at=None)
    return remembered(episode, what="paused episode", reason=reason, by=by, now=now)


@transaction.atomic
def resume(*, episode_id: UUID, reason: str, by: User, now: datetime) -> Episode:
    """Expect check-ins again, from the next slot that closes."""
    episode = locked(episode_id, by, MAY_CHANGE, reason)
    if episode.status != Episode.Status.PAUSED:
        raise EpisodeRefused(f"Only a paused recovery can be resumed. {_who_was_first(episode)}")
    Pause.objects.filter(episode=episode, until_at=None).update(until_at=now)
    next_due_at = (
        silence.next_look(silence.Watched.of(episode), after=now) or now
    )  # or the watch ends it at once
    Episode.objects.filter(pk=episode.pk).update(status=Episode.Status.ACTIVE, next_due_at=next_due_at)
    return remembered(episode, what="resumed episode", reason=reason, by=by, now=now)


@transaction.atomic
def extend(*, episode_id: UUID, until: datetime, reason: str, by: User, now: datetime) -> Episode:
    """Let a recovery run on past its last slot, until then. The schedule has no further slots, so nobody is missed for
    a check-in more; the last one can still be missed, and the recovery stays one that the team looks after."""
    episode = locked(episode_id, by, MAY_END, reason)
    if episode.status == Episode.Status.ENDED:
        raise EpisodeRefused("This recovery has ended and stays so; late reports are still taken and judged.")
    planned_end = silence.Watched.of(episode).planned_end
    if until <= max(planned_end, now):
        raise EpisodeRefused(f"Choose a time after {clock_time(max(planned_end, now), episode.time_zone)}.")
    if until > now + LONGEST_EXTENSION:
        raise EpisodeRefused(
            f"Choose a time before {clock_time(now + LONGEST_EXTENSION, episode.time_zone)}."
        )
    next_due_at = episode.next_due_at
    if next_due_at is not None and next_due_at > planned_end:  # what it waits for is the end of an extension
        next_due_at = until
    Episode.objects.filter(pk=episode.pk).update(extended_until=until, next_due_at=next_due_at)
    was = {"extended_until": episode.extended_until}
    return remembered(episode, what="extended episode", was=was, reason=reason, by=by, now=now)


@transaction.atomic
def end(*, episode_id: UUID, reason: str, by: User, now: datetime) -> Episode:
    """End the recovery. Open alerts stay until somebody closes them; late reports are still taken and judged.

    Ended twice by the same person it changes nothing; anybody else is told who ended it, and when.
    """
    episode = locked(episode_id, by, MAY_END, reason)
    if episode.status == Episode.Status.ENDED:
        last = _last_change(episode)
        if last is not None and last.by_id == by.pk and last.what == "ended episode":
            return episode
        raise EpisodeRefused(f"This recovery has ended already. {_who_was_first(episode)}")
    Pause.objects.filter(episode=episode, until_at=None).update(until_at=now)
    Episode.objects.filter(pk=episode.pk).update(status=Episode.Status.ENDED, ended_at=now, next_due_at=None)
    return remembered(episode, what="ended episode", reason=reason, by=by, now=now)


@transaction.atomic
def add_note(*, episode_id: UUID, note: str, by: User, now: datetime) -> EpisodeEvent:
    """Write down what the next colleague should know of the patient, of any alert or none; also after the end. Sent
    twice it is one note."""
    episode = held(episode_id, by)
    if not note.strip():
        raise EpisodeRefused("The note is empty. Write what the next colleague should know.")
    check_length(note)
    last = episode.events.order_by("-id").first()
    if last is not None and (last.what, last.by_id, last.reason) == (NOTE, by.pk, note):
        return last
    audit.record(what="wrote note", now=now, clinic=episode.clinic, user=by, subject=episode)
    return EpisodeEvent.objects.create(
        clinic_id=episode.clinic_id, episode=episode, what=NOTE, at=now, by=by, reason=note
    )


def locked(episode_id: UUID, by: User, roles: frozenset[Membership.Role], reason: str) -> Episode:
    """The episode, if this user may change it. Raises Episode.DoesNotExist for a stranger."""
    episode = held(episode_id, by)
    if not access.memberships(by).filter(team_id=episode.team_id, role__in=roles).exists():
        raise EpisodeRefused(
            "Your role in this care team does not allow this. Ask a nurse or a doctor of the team."
        )
    if not reason.strip():
        raise EpisodeRefused("Write in a few words why.")
    check_length(reason)
    return episode


def held(episode_id: UUID, by: User) -> Episode:
    """The episode, if it is of a team of this user, until the transaction ends."""
    return (
        access.episodes(by)
        .select_for_update(of=("self",), no_key=True)
        .select_related("clinic")
        .get(uuid=episode_id)
    )


def _last_change(episode: Episode) -> EpisodeEvent | None:
    """What last decided whether it runs. None for one that nobody has paused or ended."""
    changes = episode.events.filter(what__in=RUNNING).select_related("by")
    return changes.order_by("-id").first()


def _who_was_first(episode: Episode) -> str:
    """Which colleague has paused, resumed or ended it, and when: the sentence that the second one reads."""
    last = _last_change(episode)
    if episode.ended_at is not None and (last is None or last.what != "ended episode"):
        ended = clock_time(episode.ended_at, episode.clinic.time_zone)
        return f"This one ended by itself at {ended}, after its last check-in."
    if last is None or last.by is None:
        return f"This one is {episode.status}."
    return f"{last.by.name} {RUNNING[last.what]} this one at {clock_time(last.at, episode.clinic.time_zone)}."


def remembered(
    episode: Episode,
    *,
    what: str,
    reason: str,
    by: User,
    now: datetime,
    was: Mapping[str, Any] | None = None,
    **detail: Any,
) -> Episode:
    """The event holds the reason and what stood there before; the audit holds neither (no clinical values), but which
    object it was about (`detail`)."""
    EpisodeEvent.objects.create(
        clinic_id=episode.clinic_id,
        episode=episode,
        what=what,
        at=now,
        by=by,
        reason=reason,
        was=json.loads(json.dumps(was or {}, cls=DjangoJSONEncoder)),
    )
    audit.record(what=what, now=now, clinic=episode.clinic, user=by, subject=episode, **detail)
    return Episode.objects.select_related("clinic").get(pk=episode.pk)
