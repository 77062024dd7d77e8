"""Phones that may report: their right to do so ends at once when it is taken away."""

from datetime import datetime

from django.db import transaction

from recovery import audit
from recovery.models import DeviceToken, User


@transaction.atomic
def revoke(
    *, device: DeviceToken, now: datetime, by: User | None = None, on: DeviceToken | None = None
) -> None:
    """Take a phone's right to report away, from its next request on. Doing it again changes nothing. `on` is another
    phone of the patient's on which it was done."""
    if DeviceToken.objects.filter(pk=device.pk, revoked_at=None).update(revoked_at=now):
        audit.record(
            what="revoked phone", now=now, clinic=device.episode.clinic, user=by, device=on, subject=device
        )


@transaction.atomic
def sign_off(*, device: DeviceToken, now: datetime) -> None:
    """The same, done on the phone itself."""
    if DeviceToken.objects.filter(pk=device.pk, revoked_at=None).update(revoked_at=now):
        audit.record(what="signed off", now=now, clinic=device.episode.clinic, device=device, subject=device)
