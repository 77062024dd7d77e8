"""A correction that overtook its original on the way: both are whole reports, and both are kept and judged."""

from dataclasses import replace
from datetime import datetime

from django.db import transaction

from recovery import assessments, nudges
from recovery.checkins.moving_on import locked
from recovery.checkins.receipts import Receipt, receipt
from recovery.checkins.revisions import content, judged, note
from recovery.clinical.facts import effective_at
from recovery.models import CheckIn, CheckInRevision, DeviceToken, Episode
from recovery.submissions import Submission


@transaction.atomic
def take_correction(
    device: DeviceToken, episode: Episode, submission: Submission, *, revision: int, now: datetime
) -> Receipt:
    """Take a correction whose original has not arrived."""
    at, clock_suspect = effective_at(submission.observed_at, now, episode.procedure_at)
    new = CheckIn.objects.create(
        clinic_id=device.clinic_id,
        patient_id=device.patient_id,
        episode=episode,
        device=device,
        client_id=submission.client_id,
        revision=revision,
        received_at=now,
        **content(submission, at=at, clock_suspect=clock_suspect),
    )
    done = judged(new, episode, from_at=at, now=now)
    note(device, submission, what="sent corrected check-in", now=now)
    return done


@transaction.atomic
def take_original(device: DeviceToken, submission: Submission, *, now: datetime) -> Receipt:
    """Take an original that comes after its correction: kept as revision 1, and its findings told to the team."""
    episode = locked(device)
    known = CheckIn.objects.get(patient_id=device.patient_id, client_id=submission.client_id)
    at, clock_suspect = effective_at(submission.observed_at, now, episode.procedure_at)
    _, is_first = CheckInRevision.objects.get_or_create(
        check_in=known,
        revision=1,
        defaults={
            "clinic_id": known.clinic_id,
            "episode": episode,
            "received_at": now,
            "superseded_at": now,
            "reason": CheckInRevision.Reason.CORRECTED,
        }
        | content(submission, at=at, clock_suspect=clock_suspect),
    )
    if is_first:
        earlier = assessments.history(episode_id=episode.pk, before=at, leaving_out=known.client_id)
        verdict = assessments.judge(episode=episode, report=submission.report(now), earlier=earlier)
        superseded = assessments.superseded(
            check_in=known, revision=1, episode=episode, verdict=verdict, at=at, now=now
        )
        nudges.flag(superseded.pk)
        note(device, submission, what="sent check-in after its correction", now=now)
    return replace(receipt(device=device, client_id=submission.client_id), created=is_first)
