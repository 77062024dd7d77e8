"""What a report moves on its episode: the sequence, the next slot to be watched, and what must be judged anew."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, F, Value, When
from django.db.models.functions import Least

from recovery.clinical import protocol as protocols
from recovery.clinical.facts import hours_between
from recovery.models import CheckIn, DeviceToken, Episode
from recovery.submissions import Submission


def locked(device: DeviceToken) -> Episode:
    return Episode.objects.select_for_update(of=("self",)).select_related("clinic").get(pk=device.episode_id)


def due_after(submission: Submission, *, at: datetime, episode: Episode) -> datetime | None:
    """When the next slot closes that this check-in does not fill. A half-finished one fills none (specification 4)."""
    if not submission.completed:
        return None
    protocol = protocols.get(episode.protocol)
    due_h = protocol.due_h_after(hours_between(episode.procedure_at, at))
    return episode.procedure_at + timedelta(hours=due_h) if due_h is not None else None


def move_on(episode: Episode, check_in: CheckIn, *, from_at: datetime, submission: Submission) -> None:
    """Move the episode on after a correction: its sequence, what is due next, and what must be judged anew."""
    due_at = due_after(submission, at=check_in.effective_at, episode=episode)
    later = CheckIn.objects.filter(episode=episode, effective_at__gt=from_at, withdrawn_at=None).exclude(
        pk=check_in.pk
    )
    changes: dict[str, Any] = {"sequence": F("sequence") + 1}
    if due_at is not None:
        changes["next_due_at"] = Case(
            When(next_due_at__lt=due_at, then=Value(due_at)), default=F("next_due_at")
        )
    if later.exists():
        changes["rejudge_from"] = Least(F("rejudge_from"), Value(from_at))
    Episode.objects.filter(pk=episode.pk).update(**changes)
