"""A consent ends: at the next request of that person's phones. What they sent stays, and what they have not sent yet
goes to the care team to read, as from any phone that was signed out."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from recovery import access, enrolment
from recovery.alerts.moves import check_length
from recovery.caregivers import history
from recovery.caregivers.granting import CaregiverRefused
from recovery.local_time import clock_time
from recovery.models import Caregiver, DeviceToken, User


@transaction.atomic
def revoke(*, device: DeviceToken, caregiver_id: UUID, now: datetime) -> None:
    """On a phone of the patient's, or on the caregiver's own, who then leaves. Raises Caregiver.DoesNotExist."""
    live = access.caregivers_ended_by(device).select_for_update(of=("self",), no_key=True)
    caregiver = live.select_related("episode").get(uuid=caregiver_id)
    by_patient = device.caregiver_id is None
    whose = Caregiver.Phone.PATIENT if by_patient else Caregiver.Phone.CAREGIVER
    _end(caregiver, now=now, on=device, revoked_on=whose)
    history.remember(caregiver, what=history.ENDED if by_patient else history.LEFT, now=now, on=device)


@transaction.atomic
def revoke_by_staff(*, episode_id: UUID, caregiver_id: UUID, reason: str, by: User, now: datetime) -> None:
    """The team writes down that the patient took it back, or why it ends. Twice by the same person it changes nothing;
    anybody else is told who was first. Raises DoesNotExist for a stranger."""
    caregivers = access.caregivers(by).select_for_update(of=("self",), no_key=True)
    caregiver = caregivers.select_related("episode__clinic", "revoked_by").get(
        uuid=caregiver_id, episode__uuid=episode_id
    )
    if not reason.strip():
        raise CaregiverRefused("Write in a few words why.")
    check_length(reason)
    if caregiver.revoked_at is None:
        _end(caregiver, now=now, by=by, revoked_by=by)
        history.remember(caregiver, what=history.ENDED, now=now, by=by, reason=reason)
    elif caregiver.revoked_by_id != by.pk:
        at = clock_time(caregiver.revoked_at, caregiver.episode.clinic.time_zone)
        raise CaregiverRefused(f"{ended_by(caregiver)} ended this consent at {at}. Nothing more is needed.")


def ended_by(caregiver: Caregiver) -> str:
    """Who ended it, as the first words of a sentence."""
    if caregiver.revoked_by is not None:
        return caregiver.revoked_by.name
    return "The patient" if caregiver.revoked_on == Caregiver.Phone.PATIENT else caregiver.name


def _end(
    caregiver: Caregiver,
    *,
    now: datetime,
    by: User | None = None,
    on: DeviceToken | None = None,
    revoked_by: User | None = None,
    revoked_on: str = "",
) -> None:
    """Holds the caregiver's row already: no phone of theirs joins meanwhile."""
    Caregiver.objects.filter(pk=caregiver.pk).update(
        revoked_at=now, revoked_by=revoked_by, revoked_on=revoked_on
    )
    enrolment.expire_codes(caregiver.episode, caregiver=caregiver, now=now)
    phones = caregiver.devices.filter(revoked_at=None).select_related("episode__clinic")
    for phone in phones:
        enrolment.revoke(device=phone, by=by, on=on, now=now)
