"""A new check-in: judged and stored in one go."""

from datetime import datetime

from django.db import IntegrityError

from recovery import assessments, nudges
from recovery.checkins import overtaken
from recovery.checkins.intake import write_new
from recovery.checkins.moving_on import due_after
from recovery.checkins.receipts import Busy, IdConflict, Receipt, Withdrawn, WithdrawnBefore, receipt
from recovery.clinical.facts import effective_at
from recovery.models import Assessment, CheckIn, DeviceToken, Episode
from recovery.submissions import Submission

ONCE = "check_in_once_per_patient"

TRIES = 8
"""How often a submit reads the history again because another report of the same episode came between."""


def submit(*, device: DeviceToken, submission: Submission, now: datetime) -> Receipt:
    """Take a new check-in: judged and stored in one go, then the team is nudged. Sent again, it changes nothing.

    Late, back-dated and out-of-order reports are taken like any other, as are those of a paused or ended episode.
    Raises IdConflict (the id was used for something else), Withdrawn (WithdrawnBefore: and this is what was), Busy.
    """
    for turn in range(TRIES):
        episode = device.episode if turn == 0 else _read_again(device)
        at, clock_suspect = effective_at(submission.observed_at, now, episode.procedure_at)
        earlier = assessments.history(episode_id=episode.pk, before=at, leaving_out=submission.client_id)
        verdict = assessments.judge(episode=episode, report=submission.report(now), earlier=earlier)
        columns = assessments.columns(verdict, episode=episode, at=at)
        try:
            written = write_new(
                device=device,
                submission=submission,
                verdict=columns,
                clock_suspect=clock_suspect,
                next_due_at=due_after(submission, at=at, episode=episode),
                sequence=episode.sequence,
                grace=assessments.GRACE,
                received_at=now,
            )
        except IntegrityError as error:
            if ONCE not in str(error):
                raise
            continue  # the same id came through another episode of the patient at the same moment
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
            return _twin(device, submission, now=now)
    raise Busy


def sent_before(*, device: DeviceToken, submission: Submission) -> Receipt | None:
    """The receipt of the same report sent before, None when it was not. Raises WithdrawnBefore.

    What counts is the content as first sent: a report that was corrected since is still the same report.
    """
    known = CheckIn.objects.filter(
        patient_id=device.patient_id, episode_id=device.episode_id, client_id=submission.client_id
    ).first()
    if known is None or submission.fingerprint not in {_first_of(known), known.fingerprint}:
        return None
    try:
        return receipt(device=device, client_id=submission.client_id)
    except Withdrawn:
        raise WithdrawnBefore from None


def _twin(device: DeviceToken, submission: Submission, *, now: datetime) -> Receipt:
    """What is answered when the id is taken: the receipt of the same report; IdConflict when the content is another."""
    if before := sent_before(device=device, submission=submission):
        return before
    known = CheckIn.objects.filter(patient_id=device.patient_id, client_id=submission.client_id).get()
    if known.episode_id != device.episode_id or _first_of(known) is not None or known.revision == 1:
        raise IdConflict
    return overtaken.take_original(device, submission, now=now)


def _first_of(known: CheckIn) -> str | None:
    return known.revisions.filter(revision=1).values_list("fingerprint", flat=True).first()


def _read_again(device: DeviceToken) -> Episode:
    """Raises Episode.DoesNotExist when it was erased meanwhile: whose it was has nothing to report any more."""
    return Episode.objects.select_related("clinic").get(pk=device.episode_id, erased_at=None)
