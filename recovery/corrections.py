"""What the team corrects about what is known of a recovery: the baseline, the risk factors, when the procedure was.

Judging depends on each of them, so every check-in is owed anew, and silence, too. No alert closes by it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import F, Min
from pydantic import ValidationError

from recovery.clinical import protocol as protocols
from recovery.clinical.answers import baseline_model
from recovery.enrolment import LATEST_RESTART_H
from recovery.episodes import MAY_CHANGE, EpisodeRefused, locked, remembered
from recovery.first import who_was_first
from recovery.models import CheckIn, CheckInRevision, Episode, User

BASELINE, RISKS, PROCEDURE = "corrected baseline", "corrected risk factors", "changed procedure time"
DONE = {
    BASELINE: "corrected the baseline",
    RISKS: "corrected the risk factors",
    PROCEDURE: "changed the procedure time",
}
FIELDS = {
    BASELINE: ("baseline", "baseline_at"),
    RISKS: ("risk_factors", "blood_thinner_restart_h"),
    PROCEDURE: ("procedure_at", "time_estimated"),
}
"""What each of them replaces."""

BASELINE_HOLDS = timedelta(days=366)
"""What was answered longer before the procedure is a slip of the pen."""


@transaction.atomic
def correct_baseline(
    *,
    episode_id: UUID,
    baseline: Mapping[str, Any],
    baseline_at: datetime,
    reason: str,
    by: User,
    now: datetime,
    seen: str | None = None,
) -> Episode:
    """Replace the form filled in before the procedure. `seen`: what `as_seen` gave when the person read it."""
    episode = locked(episode_id, by, MAY_CHANGE, reason)
    try:
        checked = baseline_model(protocols.get(episode.protocol)).model_validate(dict(baseline))
    except ValidationError as error:
        raise EpisodeRefused(f"The baseline does not fit the form: {error.errors()[0]['msg']}.") from None
    if baseline_at > now:
        raise EpisodeRefused("The baseline cannot have been answered later than now.")
    if baseline_at < episode.procedure_at - BASELINE_HOLDS:
        raise EpisodeRefused("This is more than a year before the procedure. Check the year.")
    changes = {"baseline": checked.model_dump(exclude_none=True), "baseline_at": baseline_at}
    return replace(episode, BASELINE, changes, seen=seen, reason=reason, by=by, now=now)


@transaction.atomic
def correct_risk_factors(
    *,
    episode_id: UUID,
    risk_factors: Sequence[str],
    blood_thinner_restart_h: Decimal | float | None,
    reason: str,
    by: User,
    now: datetime,
    seen: str | None = None,
) -> Episode:
    """Replace the checklist, and when the blood thinner is planned again, in hours after the procedure."""
    episode = locked(episode_id, by, MAY_CHANGE, reason)
    unknown = set(risk_factors) - set(protocols.get(episode.protocol).risk_factors)
    if unknown:
        raise EpisodeRefused(f"There is no risk factor {', '.join(sorted(unknown))}.")
    restart_h = blood_thinner_restart_h
    if restart_h is not None and not 0 <= restart_h <= LATEST_RESTART_H:
        raise EpisodeRefused(f"The blood thinner restarts 0 to {LATEST_RESTART_H} hours after the procedure.")
    changes = {"risk_factors": sorted(set(risk_factors)), "blood_thinner_restart_h": restart_h}
    return replace(episode, RISKS, changes, seen=seen, reason=reason, by=by, now=now)


def as_seen(episode: Episode, what: str) -> str:
    """A word for what is recorded now. It changes with every correction of it."""
    recorded = json.dumps(_recorded(episode, what), cls=DjangoJSONEncoder, sort_keys=True)
    return hashlib.sha256(recorded.encode()).hexdigest()[:16]


def replace(
    episode: Episode,
    what: str,
    changes: Mapping[str, Any],
    *,
    seen: str | None,
    reason: str,
    by: User,
    now: datetime,
    **also: Any,
) -> Episode:
    """Write what was corrected (`also` follows from it), have everything judged anew. The same again changes nothing.

    The episode is locked. What a colleague corrected since it was `seen` is not overwritten unread.
    """
    was = _recorded(episode, what)
    if was == changes:
        return episode
    if seen is not None and seen != as_seen(episode, what):
        raise EpisodeRefused(who_was_first(episode, what, DONE[what]))
    from_at = min(_beginning(episode), changes.get("procedure_at", episode.procedure_at)) - timedelta(days=1)
    Episode.objects.filter(pk=episode.pk).update(
        **changes, **also, sequence=F("sequence") + 1, rejudge_from=from_at
    )
    before = was | {name: getattr(episode, name) for name in also}
    return remembered(episode, what=what, was=before, reason=reason, by=by, now=now)


def _recorded(episode: Episode, what: str) -> dict[str, Any]:
    return {name: getattr(episode, name) for name in FIELDS[what]}


def _beginning(episode: Episode) -> datetime:
    """The earliest instant of this recovery that anything was judged at. A report whose clock was not believed may
    stand before the procedure."""
    felt = CheckIn.objects.filter(episode=episode).aggregate(at=Min("effective_at"))["at"]
    once_felt = CheckInRevision.objects.filter(episode=episode).aggregate(at=Min("effective_at"))["at"]
    return min(at for at in (episode.procedure_at, felt, once_felt) if at is not None)
