"""Entered in error: kept and shown as such, and no longer counted."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Least

from recovery import access, audit
from recovery.alerts import changed, flagging
from recovery.checkins.moving_on import due_again, locked
from recovery.checkins.receipts import Unknown
from recovery.models import CheckIn, DeviceToken, Episode


@transaction.atomic
def withdraw(*, device: DeviceToken, client_id: UUID, now: datetime) -> None:
    """Mark a check-in as entered in error. It is kept and shown as such; its alerts stay, with a note. Repeatable."""
    episode = locked(device)
    flagging.one_at_a_time(episode.pk)  # an alert that is just being opened is noted on, too
    check_in = CheckIn.objects.filter(
        patient_id=device.patient_id, episode=episode, client_id=client_id
    ).first()
    if check_in is None or not access.may_change(device, check_in):
        raise Unknown
    if not CheckIn.objects.filter(pk=check_in.pk, withdrawn_at=None).update(withdrawn_at=now):
        return
    Episode.objects.filter(pk=episode.pk).update(
        sequence=F("sequence") + 1,
        rejudge_from=Least(F("rejudge_from"), Value(check_in.effective_at)),
        next_due_at=due_again(episode, from_at=check_in.effective_at),
    )
    changed.note_withdrawal(check_in, now=now)
    audit.record(
        what="withdrew check-in",
        now=now,
        clinic=episode.clinic,
        device=device,
        subject=("checkin", client_id, episode.pk),
    )
