"""What colleagues do with a refused report: they judge it by hand, or dismiss it with a reason.

Each is one conditional UPDATE, so of two people at once one wins and the other is told who it was.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from recovery import access, audit, checkins
from recovery.alerts import NotAllowed
from recovery.alerts.moves import CLINICIANS
from recovery.local_time import clock_time
from recovery.models import CheckIn, Quarantine, User

Outcome = Quarantine.Outcome
DONE = {Outcome.JUDGED: "judged this report by hand", Outcome.DISMISSED: "dismissed this report"}


def judge_by_hand(
    *,
    kept_id: UUID,
    by: User,
    answers: Mapping[str, Any],
    observed_at: datetime,
    completed: bool,
    now: datetime,
) -> Quarantine:
    """Make it a check-in with the answers that a clinician read in it, or was told on the telephone. It is judged, and
    its findings are told, like any other; what the report itself was found to hold is not told twice.

    Once: repeated by the same person it changes nothing. Raises Quarantine.DoesNotExist for a stranger, NotAllowed.
    """
    kept = reach(kept_id, by)
    with transaction.atomic():
        if _has_done(kept, Outcome.JUDGED, by=by):
            return reach(kept_id, by)
        submission = checkins.written_down(
            kept.device.episode,
            client_id=kept.uuid,
            answers=answers,
            observed_at=observed_at,
            completed=completed,
            now=now,
        )
        checkins.submit(device=kept.device, submission=submission, now=now)
        check_in = CheckIn.objects.get(patient_id=kept.device.patient_id, client_id=kept.uuid)
        _review(kept, Outcome.JUDGED, by=by, now=now, check_in=check_in)
        audit.record(what="judged refused report by hand", now=now, clinic=kept.clinic, user=by, subject=kept)
    return reach(kept_id, by)


def dismiss(*, kept_id: UUID, by: User, dismissed_as: str, reason: str, now: datetime) -> Quarantine:
    """Say that nothing more has to be done about it, and why, by a code and in words. Its alerts stay as they are.

    Once: repeated by the same person it changes nothing. Raises Quarantine.DoesNotExist for a stranger, NotAllowed.
    """
    kept = reach(kept_id, by)
    if dismissed_as not in Quarantine.Dismissal.values:
        raise NotAllowed(f"Choose why: {', '.join(Quarantine.Dismissal.values)}.")
    if not reason.strip():
        raise NotAllowed("Write in a few words what you did and why nothing more is needed.")
    with transaction.atomic():
        if _has_done(kept, Outcome.DISMISSED, by=by):
            return reach(kept_id, by)
        _review(kept, Outcome.DISMISSED, by=by, now=now, dismissed_as=dismissed_as, reason=reason)
        audit.record(
            what="dismissed refused report",
            now=now,
            clinic=kept.clinic,
            user=by,
            subject=kept,
            why=dismissed_as,
        )
    return reach(kept_id, by)


def reach(kept_id: UUID, by: User) -> Quarantine:
    """The refused report, if it is of a team of this user: tenancy before anything."""
    return (
        access.quarantine(by)
        .select_related("clinic", "episode", "reviewed_by", "device__patient", "device__episode__clinic")
        .get(uuid=kept_id)
    )


def may_review(kept: Quarantine, by: User) -> bool:
    return access.memberships(by).filter(team_id=kept.episode.team_id, role__in=CLINICIANS).exists()


def _has_done(kept: Quarantine, outcome: str, *, by: User) -> bool:
    """Whether this person has done just this before. Holds the row, so that nobody can come between."""
    if not may_review(kept, by):
        raise NotAllowed("Only a nurse or a doctor of the care team can do this. Ask one of them.")
    stands = Quarantine.objects.select_for_update().get(pk=kept.pk)
    if stands.reviewed_at is None:
        return False
    if stands.reviewed_by_id == by.pk and stands.outcome == outcome:
        return True
    raise _somebody_was_first(reach(kept.uuid, by))


def _review(kept: Quarantine, outcome: str, *, by: User, now: datetime, **columns: Any) -> None:
    waiting = Quarantine.objects.filter(pk=kept.pk, reviewed_at=None)
    if not waiting.update(reviewed_at=now, reviewed_by=by, outcome=outcome, **columns):
        raise _somebody_was_first(reach(kept.uuid, by))


def _somebody_was_first(kept: Quarantine) -> NotAllowed:
    assert kept.reviewed_at is not None
    assert kept.reviewed_by is not None
    at = clock_time(kept.reviewed_at, kept.clinic.time_zone)
    return NotAllowed(
        f"{kept.reviewed_by.name} {DONE[Outcome(kept.outcome)]} at {at}. Nothing was lost; reload to see it."
    )
