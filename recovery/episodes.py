"""What the team changes about a running recovery. Whatever judging depends on makes every check-in owed anew."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import F
from pydantic import ValidationError

from recovery import access, audit, silence
from recovery.clinical import protocol as protocols
from recovery.clinical.answers import baseline_model
from recovery.errors import Refused
from recovery.local_time import clock_time
from recovery.models import Episode, EpisodeEvent, Membership, Pause, User

MAY_CHANGE = frozenset({Membership.Role.NURSE, Membership.Role.DOCTOR, Membership.Role.COORDINATOR})
MAY_END = frozenset({Membership.Role.NURSE, Membership.Role.DOCTOR})


class EpisodeRefused(Refused):
    code = "episode_refused"


@transaction.atomic
def correct_baseline(
    *,
    episode_id: UUID,
    baseline: Mapping[str, Any],
    baseline_at: datetime,
    reason: str,
    by: User,
    now: datetime,
) -> Episode:
    """Replace the form filled in before the procedure. Every check-in is judged anew; no alert closes by it."""
    episode = _locked(episode_id, by, MAY_CHANGE, reason)
    try:
        checked = baseline_model(protocols.get(episode.protocol)).model_validate(dict(baseline))
    except ValidationError as error:
        raise EpisodeRefused(f"The baseline does not fit the form: {error.errors()[0]['msg']}.") from None
    was = {"baseline": episode.baseline, "baseline_at": episode.baseline_at}
    changes = {"baseline": checked.model_dump(exclude_none=True), "baseline_at": baseline_at}
    return _change(
        episode, what="corrected baseline", was=was, changes=changes, reason=reason, by=by, now=now
    )


@transaction.atomic
def correct_risk_factors(
    *,
    episode_id: UUID,
    risk_factors: Sequence[str],
    blood_thinner_restart_h: Decimal | float | None,
    reason: str,
    by: User,
    now: datetime,
) -> Episode:
    """Replace the checklist. Every check-in is judged anew, and silence, too; no alert closes by it."""
    episode = _locked(episode_id, by, MAY_CHANGE, reason)
    unknown = set(risk_factors) - set(protocols.get(episode.protocol).risk_factors)
    if unknown:
        raise EpisodeRefused(f"There is no risk factor {', '.join(sorted(unknown))}.")
    was = {"risk_factors": episode.risk_factors, "blood_thinner_restart_h": episode.blood_thinner_restart_h}
    changes = {"risk_factors": sorted(set(risk_factors)), "blood_thinner_restart_h": blood_thinner_restart_h}
    return _change(
        episode, what="corrected risk factors", was=was, changes=changes, reason=reason, by=by, now=now
    )


@transaction.atomic
def pause(*, episode_id: UUID, reason: str, by: User, now: datetime) -> Episode:
    """Expect no check-ins (the patient is in hospital). Reports that come all the same are judged as ever."""
    episode = _locked(episode_id, by, MAY_CHANGE, reason)
    if episode.status != Episode.Status.ACTIVE:
        raise EpisodeRefused(f"Only an active episode can be paused; this one is {episode.status}.")
    silence.judge_alone(episode.pk, now=now)  # what closed before the pause is not excused by it
    Pause.objects.create(clinic_id=episode.clinic_id, episode=episode, from_at=now, reason=reason)
    Episode.objects.filter(pk=episode.pk).update(status=Episode.Status.PAUSED, next_due_at=None)
    return _remembered(episode, what="paused episode", reason=reason, by=by, now=now)


@transaction.atomic
def resume(*, episode_id: UUID, reason: str, by: User, now: datetime) -> Episode:
    """Expect check-ins again, from the next slot that closes."""
    episode = _locked(episode_id, by, MAY_CHANGE, reason)
    if episode.status != Episode.Status.PAUSED:
        raise EpisodeRefused(f"Only a paused episode can be resumed; this one is {episode.status}.")
    Pause.objects.filter(episode=episode, until_at=None).update(until_at=now)
    next_due_at = (
        silence.next_look(silence.Watched.of(episode), after=now) or now
    )  # or the watch ends it at once
    Episode.objects.filter(pk=episode.pk).update(status=Episode.Status.ACTIVE, next_due_at=next_due_at)
    return _remembered(episode, what="resumed episode", reason=reason, by=by, now=now)


@transaction.atomic
def extend(*, episode_id: UUID, until: datetime, reason: str, by: User, now: datetime) -> Episode:
    """Let a recovery run on past its last slot, until then. The schedule has no further slots, so nobody is missed for
    a check-in more; the last one can still be missed, and the recovery stays one that the team looks after."""
    episode = _locked(episode_id, by, MAY_END, reason)
    if episode.status == Episode.Status.ENDED:
        raise EpisodeRefused("This recovery has ended and stays so; late reports are still taken and judged.")
    planned_end = silence.Watched.of(episode).planned_end
    if until <= max(planned_end, now):
        raise EpisodeRefused(f"Choose a time after {clock_time(max(planned_end, now), episode.time_zone)}.")
    next_due_at = episode.next_due_at
    if next_due_at is not None and next_due_at > planned_end:  # what it waits for is the end of an extension
        next_due_at = until
    Episode.objects.filter(pk=episode.pk).update(extended_until=until, next_due_at=next_due_at)
    was = {"extended_until": episode.extended_until}
    return _remembered(episode, what="extended episode", was=was, reason=reason, by=by, now=now)


@transaction.atomic
def end(*, episode_id: UUID, reason: str, by: User, now: datetime) -> Episode:
    """End the recovery. Open alerts stay until somebody closes them; late reports are still taken and judged."""
    episode = _locked(episode_id, by, MAY_END, reason)
    if episode.status == Episode.Status.ENDED:
        return episode
    Pause.objects.filter(episode=episode, until_at=None).update(until_at=now)
    Episode.objects.filter(pk=episode.pk).update(status=Episode.Status.ENDED, ended_at=now, next_due_at=None)
    return _remembered(episode, what="ended episode", reason=reason, by=by, now=now)


def _locked(episode_id: UUID, by: User, roles: frozenset[Membership.Role], reason: str) -> Episode:
    """The episode, if it is of a team of this user. Raises Episode.DoesNotExist for a stranger."""
    episode = (
        access.episodes(by)
        .select_for_update(of=("self",), no_key=True)
        .select_related("clinic")
        .get(uuid=episode_id)
    )
    if not access.memberships(by).filter(team_id=episode.team_id, role__in=roles).exists():
        raise EpisodeRefused(
            "Your role in this care team does not allow this. Ask a nurse or a doctor of the team."
        )
    if not reason.strip():
        raise EpisodeRefused("Write in a few words why.")
    return episode


def _change(
    episode: Episode,
    *,
    what: str,
    was: Mapping[str, Any],
    changes: Mapping[str, Any],
    reason: str,
    by: User,
    now: datetime,
) -> Episode:
    if was == changes:
        return episode
    Episode.objects.filter(pk=episode.pk).update(
        **changes, sequence=F("sequence") + 1, rejudge_from=episode.procedure_at - timedelta(days=1)
    )
    return _remembered(episode, what=what, was=was, reason=reason, by=by, now=now)


def _remembered(
    episode: Episode, *, what: str, reason: str, by: User, now: datetime, was: Mapping[str, Any] | None = None
) -> Episode:
    """The event holds the reason and what stood there before; the audit holds neither (no clinical values)."""
    EpisodeEvent.objects.create(
        clinic_id=episode.clinic_id,
        episode=episode,
        what=what,
        at=now,
        by=by,
        reason=reason,
        was=json.loads(json.dumps(was or {}, cls=DjangoJSONEncoder)),
    )
    audit.record(what=what, now=now, clinic=episode.clinic, user=by, subject=episode)
    return Episode.objects.select_related("clinic").get(pk=episode.pk)
