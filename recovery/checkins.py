"""The operations behind the phone's check-ins: submit, correct (or finish), withdraw."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Case, F, QuerySet, Value, When
from django.db.models.functions import Least

from recovery import assessments, audit, intake, nudges
from recovery.clinical import protocol as protocols
from recovery.clinical.facts import effective_at, hours_between
from recovery.errors import Refused
from recovery.models import Alert, AlertEvent, Assessment, CheckIn, CheckInRevision, DeviceToken, Episode
from recovery.submissions import Submission

__all__ = ["Busy", "IdConflict", "Receipt", "StaleRevision", "Submission", "Unknown", "Withdrawn"]

TRIES = 8
"""How often a submit reads the history again because another report of the same episode came between."""


class IdConflict(Refused):
    code = "id_conflict"
    message = "Another report was sent under this id before. Make a new check-in with an id of its own."


class StaleRevision(Refused):
    code = "stale_revision"
    message = "This check-in was changed meanwhile. Fetch it and correct its latest revision."


class Withdrawn(Refused):
    code = "withdrawn"
    message = "This check-in was withdrawn. Make a new check-in."


class Busy(Refused):
    code = "twin_in_progress"
    message = "Another report is being taken at this moment. Send this one again in a second."


class Unknown(Refused):
    code = "not_found"
    message = "There is no such check-in. Send it as a new one."


@dataclass(frozen=True, slots=True)
class Receipt:
    """A stored check-in with its verdict. `created` is False when the same id and content had been sent before."""

    check_in_id: UUID
    revision: int
    status: str
    received_at: datetime
    assessment: Assessment
    created: bool

    @classmethod
    def of(cls, check_in: CheckIn, assessment: Assessment, *, created: bool = False) -> "Receipt":
        return cls(
            check_in_id=check_in.client_id,
            revision=check_in.revision,
            status=check_in.status,
            received_at=check_in.received_at,
            assessment=assessment,
            created=created,
        )


def submit(*, device: DeviceToken, submission: Submission, now: datetime) -> Receipt:
    """Take a new check-in: judged and stored in one go, then the team is nudged. Sent again, it changes nothing.

    Late, back-dated and out-of-order reports are taken like any other, as are those of a paused or ended episode.
    Raises IdConflict (the id was used for something else), Withdrawn, Busy.
    """
    for turn in range(TRIES):
        episode = device.episode if turn == 0 else _read_again(device)
        at, clock_suspect = effective_at(submission.observed_at, now, episode.procedure_at)
        earlier = assessments.history(episode_id=episode.pk, before=at, leaving_out=submission.client_id)
        verdict = assessments.judge(episode=episode, report=submission.report(now), earlier=earlier)
        columns = assessments.columns(verdict, episode=episode, at=at)
        try:
            written = intake.write_new(
                device=device,
                submission=submission,
                verdict=columns,
                clock_suspect=clock_suspect,
                next_due_at=_due_after(submission, at=at, episode=episode),
                sequence=episode.sequence,
                grace=assessments.GRACE,
                received_at=now,
            )
        except IntegrityError:  # the same id came through another episode of the patient at the same moment
            continue
        if written.assessment_id is not None:
            if written.owed:
                nudges.flag(written.assessment_id)
            return Receipt(
                check_in_id=submission.client_id,
                revision=1,
                status=submission.status,
                received_at=now,
                assessment=Assessment(pk=written.assessment_id, judged_at=now, **columns),
                created=True,
            )
        if written.has_twin:
            return _sent_before(device, submission)
    raise Busy


def correct(*, device: DeviceToken, submission: Submission, base_revision: int, now: datetime) -> Receipt:
    """Correct a check-in, or send the rest of a half-finished one: a new revision, judged again; the old one is kept.

    Raises Unknown, Withdrawn, StaleRevision (base_revision is not the latest). The same correction sent again is taken
    as such (`created` False).
    """
    with transaction.atomic():
        episode = _locked(device)
        old = CheckIn.objects.filter(
            patient_id=device.patient_id, episode=episode, client_id=submission.client_id
        ).first()
        if old is None:
            raise Unknown
        if old.withdrawn_at is not None:
            raise Withdrawn
        if old.revision == base_revision + 1 and old.fingerprint == submission.fingerprint:
            return _stored(device, submission.client_id)
        if old.revision != base_revision:
            raise StaleRevision(revision=old.revision)
        _keep_revision(old, finished=submission.completed and not old.completed, now=now)
        new = _revise(old, submission=submission, episode=episode, now=now)
        _note_report(episode, new, from_at=min(old.effective_at, new.effective_at), submission=submission)
        verdict = assessments.judge_stored(episode=episode, check_in=new)
        assessment = assessments.replace(check_in=new, episode=episode, verdict=verdict, now=now)
        nudges.flag(assessment.pk)
    return Receipt.of(new, assessment, created=True)


@transaction.atomic
def withdraw(*, device: DeviceToken, client_id: UUID, now: datetime) -> None:
    """Mark a check-in as entered in error. It is kept and shown as such; its alerts stay, with a note. Repeatable."""
    episode = _locked(device)
    check_in = CheckIn.objects.filter(
        patient_id=device.patient_id, episode=episode, client_id=client_id
    ).first()
    if check_in is None:
        raise Unknown
    if not CheckIn.objects.filter(pk=check_in.pk, withdrawn_at=None).update(withdrawn_at=now):
        return
    Episode.objects.filter(pk=episode.pk).update(
        sequence=F("sequence") + 1, rejudge_from=Least(F("rejudge_from"), Value(check_in.effective_at))
    )
    touched = Alert.objects.filter(events__assessment__check_in=check_in, status__in=Alert.LIVE).distinct()
    AlertEvent.objects.bulk_create(
        AlertEvent(
            clinic_id=alert.clinic_id,
            alert=alert,
            kind=AlertEvent.Kind.CHANGED,
            at=now,
            detail={"withdrawn": True},
        )
        for alert in touched
    )
    Alert.objects.filter(pk__in=[alert.pk for alert in touched]).update(changed_at=now)
    audit.record(what="withdrew check-in", now=now, clinic=episode.clinic, device=device)


def history(*, device: DeviceToken) -> QuerySet[CheckIn]:
    """The phone's own episode, newest first, withdrawn ones included."""
    return CheckIn.objects.filter(episode_id=device.episode_id).order_by("-effective_at", "-id")


def receipt(*, device: DeviceToken, client_id: UUID) -> Receipt:
    """A stored check-in with its current verdict. Raises Unknown, Withdrawn."""
    return _stored(device, client_id)


def _sent_before(device: DeviceToken, submission: Submission) -> Receipt:
    """The receipt of the same report sent before; IdConflict when the id was used for other content.

    What counts is the content as first sent: a report that was corrected since is still the same report.
    """
    known = CheckIn.objects.filter(patient_id=device.patient_id, client_id=submission.client_id).get()
    first = (
        known.revisions.filter(revision=1).values_list("fingerprint", flat=True).first() or known.fingerprint
    )
    if known.episode_id != device.episode_id or submission.fingerprint not in {first, known.fingerprint}:
        raise IdConflict
    return _stored(device, submission.client_id)


def _stored(device: DeviceToken, client_id: UUID) -> Receipt:
    assessment = (
        Assessment.objects.filter(
            check_in__episode_id=device.episode_id, check_in__client_id=client_id, is_current=True
        )
        .select_related("check_in")
        .first()
    )
    if assessment is None or assessment.check_in is None:
        raise Unknown
    if assessment.check_in.withdrawn_at is not None:
        raise Withdrawn
    return Receipt.of(assessment.check_in, assessment)


def _read_again(device: DeviceToken) -> Episode:
    return Episode.objects.select_related("clinic").get(pk=device.episode_id)


def _locked(device: DeviceToken) -> Episode:
    return Episode.objects.select_for_update(of=("self",)).select_related("clinic").get(pk=device.episode_id)


def _due_after(submission: Submission, *, at: datetime, episode: Episode) -> datetime | None:
    """When the next slot closes that this check-in does not fill. A half-finished one fills none (specification 4)."""
    if not submission.completed:
        return None
    protocol = protocols.get(episode.protocol)
    due_h = protocol.due_h_after(hours_between(episode.procedure_at, at))
    return episode.procedure_at + timedelta(hours=due_h) if due_h is not None else None


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
        app_version=old.app_version,
        answers=old.answers,
        fingerprint=old.fingerprint,
        superseded_at=now,
        reason=reasons.FINISHED if finished else reasons.CORRECTED,
    )


def _revise(old: CheckIn, *, submission: Submission, episode: Episode, now: datetime) -> CheckIn:
    """The new revision takes the place of the old one. It stands at the time it was felt; a suspect clock, or a first
    report that arrived in time, keeps the first arrival, so that a correction days later is not a late report."""
    at, clock_suspect = effective_at(submission.observed_at, old.received_at, episode.procedure_at)
    moved = CheckIn.objects.filter(pk=old.pk, revision=old.revision, withdrawn_at=None).update(
        revision=old.revision + 1,
        status=submission.status,
        observed_at=submission.observed_at,
        sent_at=submission.sent_at,
        effective_at=at,
        clock_suspect=clock_suspect,
        answered_by=submission.answered_by,
        app_version=submission.app_version,
        answers=submission.given,
        fingerprint=submission.fingerprint,
    )
    if not moved:
        raise StaleRevision
    return CheckIn.objects.get(pk=old.pk)


def _note_report(episode: Episode, check_in: CheckIn, *, from_at: datetime, submission: Submission) -> None:
    """Move the episode on after a correction: its sequence, what is due next, and what must be judged anew."""
    due_at = _due_after(submission, at=check_in.effective_at, episode=episode)
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
