"""Which phones may report for a recovery: what the team decides of it after the enrolment.

Everybody of the team may: a patient without a phone is one whom nobody hears of.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from recovery import access, enrolment, episodes
from recovery.alerts.moves import check_length
from recovery.errors import Refused
from recovery.local_time import clock_time
from recovery.models import DeviceToken, Episode, EpisodeEvent, User

SIGNED_OUT, NEW_CODE = "signed out phone", "issued code"


class DeviceRefused(Refused):
    code = "device_refused"


@transaction.atomic
def renew_code(*, episode_id: UUID, by: User, now: datetime) -> str:
    """A new one-time code, shown once. Codes that were issued before and not used work no more: what was lost with its
    sheet is worth nothing to its finder."""
    episode = episodes.held(episode_id, by)
    if episode.status == Episode.Status.ENDED:
        raise DeviceRefused("This recovery has ended, so no phone can join it. Enrol the patient anew.")
    enrolment.expire_codes(episode, caregiver=None, now=now)
    code = enrolment.issue_code(episode=episode, by=by, now=now)
    _remember(episode, what=NEW_CODE, by=by, now=now)
    return code


@transaction.atomic
def revoke(*, episode_id: UUID, device_id: UUID, reason: str, by: User, now: datetime) -> DeviceToken:
    """Take a phone's right to report away, and say why. What it has sent stays; what it sends from now on is refused,
    and it tells its patient to call. Twice by the same person it changes nothing; anybody else is told who was first.
    """
    episode = episodes.held(episode_id, by)
    device = DeviceToken.objects.select_related("episode__clinic").get(uuid=device_id, episode=episode)
    if not reason.strip():
        raise DeviceRefused("Write in a few words why.")
    check_length(reason)
    if device.revoked_at is None:
        enrolment.revoke(device=device, by=by, now=now)
        _remember(episode, what=SIGNED_OUT, reason=reason, was={"phone": str(device.uuid)}, by=by, now=now)
        return DeviceToken.objects.get(pk=device.pk)
    first = episode.events.filter(what=SIGNED_OUT, was__phone=str(device.uuid)).select_related("by").first()
    if first is None or first.by_id != by.pk:
        who = (
            first.by.name if first is not None and first.by is not None else "Somebody with the phone in hand"
        )
        at = clock_time(device.revoked_at, episode.clinic.time_zone)
        raise DeviceRefused(f"{who} signed this phone out at {at}. Nothing more is needed.")
    return device


@transaction.atomic
def revoke_on_phone(*, device: DeviceToken, device_id: UUID, now: datetime) -> None:
    """The same on a phone: the patient signs any phone of the recovery out, a caregiver one of their own. Raises
    DeviceToken.DoesNotExist for another, and for one that is out."""
    phone = access.phones_seen_by(device).select_related("episode__clinic").get(uuid=device_id)
    if phone.pk == device.pk:
        enrolment.sign_off(device=device, now=now)
        return
    enrolment.revoke(device=phone, on=device, now=now)
    who = "patient" if device.caregiver_id is None else "caregiver"
    _remember(device.episode, what=SIGNED_OUT, was={"phone": str(phone.uuid), "on": who}, now=now)


def _remember(
    episode: Episode, *, what: str, by: User | None = None, now: datetime, reason: str = "", was: Any = None
) -> None:
    """The audit was written with what was done."""
    EpisodeEvent.objects.create(
        clinic_id=episode.clinic_id, episode=episode, what=what, at=now, by=by, reason=reason, was=was or {}
    )
