"""What a report moves on its episode: the sequence, the next slot to be watched, and what must be judged anew."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Least

from recovery import silence
from recovery.clinical import protocol as protocols
from recovery.clinical.facts import hours_between
from recovery.models import CheckIn, DeviceToken, Episode
from recovery.submissions import Submission


def locked(device: DeviceToken) -> Episode:
    return (
        Episode.objects.select_for_update(of=("self",), no_key=True)
        .select_related("clinic")
        .get(pk=device.episode_id)
    )


def due_after(submission: Submission, *, at: datetime, episode: Episode) -> datetime | None:
    """When the next slot closes that this check-in does not fill. A half-finished one fills none (specification 4)."""
    if not submission.completed:
        return None
    protocol = protocols.get(episode.protocol)
    due_h = protocol.due_h_after(hours_between(episode.procedure_at, at))
    return episode.procedure_at + timedelta(hours=due_h) if due_h is not None else None


def due_again(episode: Episode, *, from_at: datetime) -> datetime | None:
    """When the watch has to look after what was felt since `from_at` has changed: at the first close after it, again.
    What stands on a slot is not judged twice. None for an episode that nobody watches."""
    if episode.next_due_at is None:
        return None
    again_at = silence.next_look(silence.Watched.of(episode), after=from_at)
    return min(again_at or episode.next_due_at, episode.next_due_at)


def move_on(episode: Episode, check_in: CheckIn, *, from_at: datetime) -> None:
    """Move the episode on after a correction: its sequence, what is due next, and what must be judged anew."""
    later = CheckIn.objects.filter(episode=episode, effective_at__gt=from_at, withdrawn_at=None)
    changes: dict[str, Any] = {
        "sequence": F("sequence") + 1,
        "next_due_at": due_again(episode, from_at=from_at),
    }
    if later.exclude(pk=check_in.pk).exists() or silence.has_judged_since(episode.pk, from_at):
        changes["rejudge_from"] = Least(F("rejudge_from"), Value(from_at))
    Episode.objects.filter(pk=episode.pk).update(**changes)
