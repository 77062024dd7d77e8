"""A correction, or the rest of a half-finished check-in: a new revision, judged again. Nothing is erased."""

from datetime import datetime

from django.db import transaction

from recovery import access
from recovery.checkins import overtaken
from recovery.checkins.moving_on import locked
from recovery.checkins.receipts import IdConflict, Receipt, StaleRevision, Withdrawn, WithdrawnBefore, receipt
from recovery.checkins.revisions import content, judged, note
from recovery.clinical.facts import effective_at
from recovery.models import CheckIn, CheckInRevision, DeviceToken, Episode
from recovery.submissions import Submission


def correct(*, device: DeviceToken, submission: Submission, base_revision: int, now: datetime) -> Receipt:
    """Correct a check-in, or send the rest of a half-finished one: a new revision, judged again; the old one is kept.

    A correction that overtook its original is whole by itself: it is taken at once, and the original, when it comes,
    becomes the revision before it. Raises Withdrawn (WithdrawnBefore: and this was sent before), StaleRevision
    (base_revision is not the latest), IdConflict (the id is of another recovery of the patient, or what somebody else
    reported from a phone that is a caregiver's). The same correction
    sent again is taken as such (`created` False), also when it was corrected since.
    """
    with transaction.atomic():
        episode = locked(device)
        old = CheckIn.objects.filter(patient_id=device.patient_id, client_id=submission.client_id).first()
        if old is None:
            return overtaken.take_correction(device, episode, submission, revision=base_revision + 1, now=now)
        if not access.may_change(device, old):
            raise IdConflict
        was_sent_before = _is_revision(old, base_revision + 1, submission)
        if old.withdrawn_at is not None:
            raise WithdrawnBefore if was_sent_before else Withdrawn
        if was_sent_before:
            return receipt(device=device, client_id=submission.client_id)
        if old.revision != base_revision:
            raise StaleRevision(revision=old.revision)
        _keep_revision(old, finished=submission.completed and not old.completed, now=now)
        new = _revise(old, submission=submission, episode=episode)
        from_at = min(old.effective_at, new.effective_at)
        done = judged(new, episode, from_at=from_at, now=now)
        note(device, submission, what="corrected check-in", now=now)
        return done


def _is_revision(known: CheckIn, revision: int, submission: Submission) -> bool:
    """Whether this is what stands as that revision, or stood as it."""
    if known.revision <= revision:
        return known.revision == revision and known.fingerprint == submission.fingerprint
    return known.revisions.filter(revision=revision, fingerprint=submission.fingerprint).exists()


def _keep_revision(old: CheckIn, *, finished: bool, now: datetime) -> None:
    reasons = CheckInRevision.Reason
    CheckInRevision.objects.create(
        clinic_id=old.clinic_id,
        episode_id=old.episode_id,
        check_in=old,
        revision=old.revision,
        status=old.status,
        observed_at=old.observed_at,
        sent_at=old.sent_at,
        received_at=old.received_at,
        effective_at=old.effective_at,
        clock_suspect=old.clock_suspect,
        answered_by=old.answered_by,
        caregiver_id=old.caregiver_id,
        app_version=old.app_version,
        answers=old.answers,
        fingerprint=old.fingerprint,
        superseded_at=now,
        reason=reasons.FINISHED if finished else reasons.CORRECTED,
    )


def _revise(old: CheckIn, *, submission: Submission, episode: Episode) -> CheckIn:
    """The new revision takes the place of the old one. It keeps the first arrival: correcting a report days later
    does not make it a late one."""
    at, clock_suspect = effective_at(submission.observed_at, old.received_at, episode.procedure_at)
    moved = CheckIn.objects.filter(pk=old.pk, revision=old.revision, withdrawn_at=None).update(
        revision=old.revision + 1, **content(submission, at=at, clock_suspect=clock_suspect)
    )
    if not moved:
        raise StaleRevision
    return CheckIn.objects.get(pk=old.pk)
