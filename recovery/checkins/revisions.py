"""A revision as columns, and what follows when one was stored."""

from datetime import datetime
from typing import Any

from recovery import assessments, audit, nudges
from recovery.checkins.moving_on import move_on
from recovery.checkins.receipts import Receipt
from recovery.models import CheckIn, DeviceToken, Episode
from recovery.submissions import Submission


def content(submission: Submission, *, at: datetime, clock_suspect: bool) -> dict[str, Any]:
    """What a check-in and its superseded revisions say, as columns."""
    return {
        "status": submission.status,
        "observed_at": submission.observed_at,
        "sent_at": submission.sent_at,
        "effective_at": at,
        "clock_suspect": clock_suspect,
        "answered_by": submission.answered_by,
        "caregiver_id": submission.caregiver,
        "app_version": submission.app_version,
        "answers": submission.given,
        "fingerprint": submission.fingerprint,
    }


def judged(check_in: CheckIn, episode: Episode, *, from_at: datetime, now: datetime) -> Receipt:
    """Judge a revision that was just stored, move the episode on, nudge the team."""
    move_on(episode, check_in, from_at=from_at)
    verdict = assessments.judge_stored(episode=episode, check_in=check_in)
    assessment = assessments.replace(check_in=check_in, episode=episode, verdict=verdict, now=now)
    nudges.flag(assessment.pk)
    return Receipt.of(check_in, assessment, created=True)


def note(device: DeviceToken, submission: Submission, *, what: str, now: datetime) -> None:
    """Remember that the phone sent it (recovery/audit). A check-in is known to phones by their own id of it."""
    clinic, phone = device.clinic_id, device if device.pk else None
    audit.record(
        what=what,
        now=now,
        clinic=clinic,
        device=phone,
        subject=("checkin", submission.client_id, device.episode_id),
    )
