"""A patient lets somebody help: who, how far, and the code by which their phone joins."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction

from recovery import access, enrolment, episodes
from recovery.caregivers import history
from recovery.caregivers.wording import WORDING
from recovery.errors import Refused
from recovery.models import Caregiver, DeviceToken, Episode, User

MOST = 5
"""At once, of one recovery."""


class CaregiverRefused(Refused):
    """`extra["field"]` names what it is about, where it is about one thing that was typed."""

    code = "caregiver_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Whom the patient lets help, how far, and the version of the words that they agreed to."""

    name: str = field(repr=False)
    relation: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    scope: str
    wording: str


@transaction.atomic
def grant(*, device: DeviceToken, wish: Wish, now: datetime) -> tuple[Caregiver, str]:
    """The patient lets somebody help, on a phone of theirs. Returns the code for that person's phone, shown once."""
    if device.caregiver_id is not None:
        raise CaregiverRefused("Only the patient can let somebody help.")
    return _grant(_locked(device.episode), wish, now=now, on=device)


@transaction.atomic
def grant_by_staff(*, episode_id: UUID, wish: Wish, by: User, now: datetime) -> tuple[Caregiver, str]:
    """The team writes down that the patient said so. Raises Episode.DoesNotExist for a stranger."""
    return _grant(episodes.held(episode_id, by), wish, now=now, by=by)


@transaction.atomic
def change_scope(*, device: DeviceToken, caregiver_id: UUID, scope: str, now: datetime) -> Caregiver:
    """The same again changes nothing. Raises Caregiver.DoesNotExist."""
    live = access.caregivers_of_patient(device).select_for_update(no_key=True)
    return _change_scope(live.get(uuid=caregiver_id), scope, now=now, on=device)


@transaction.atomic
def change_scope_by_staff(
    *, episode_id: UUID, caregiver_id: UUID, scope: str, by: User, now: datetime
) -> Caregiver:
    return _change_scope(standing(episode_id, caregiver_id, by), scope, now=now, by=by)


@transaction.atomic
def new_code(*, device: DeviceToken, caregiver_id: UUID, now: datetime) -> str:
    """A new one-time code for this caregiver's phone. Those not used before work no more."""
    live = access.caregivers_of_patient(device).select_for_update(of=("self",), no_key=True)
    caregiver = live.select_related("episode__clinic").get(uuid=caregiver_id)
    code = _code(caregiver, now=now, on=device)
    history.remember(caregiver, what=history.NEW_CODE, now=now, on=device)
    return code


@transaction.atomic
def new_code_by_staff(
    *, episode_id: UUID, caregiver_id: UUID, by: User, now: datetime
) -> tuple[Caregiver, str]:
    caregiver = standing(episode_id, caregiver_id, by)
    code = _code(caregiver, now=now, by=by)
    history.remember(caregiver, what=history.NEW_CODE, now=now, by=by)
    return caregiver, code


def standing(episode_id: UUID, caregiver_id: UUID, by: User) -> Caregiver:
    """The caregiver, held until the transaction ends. Raises DoesNotExist for a stranger, CaregiverRefused where the
    consent has ended."""
    caregivers = access.caregivers(by).select_for_update(of=("self",), no_key=True)
    caregiver = caregivers.select_related("episode__clinic").get(uuid=caregiver_id, episode__uuid=episode_id)
    if caregiver.revoked_at is not None:
        raise CaregiverRefused(f"The consent for {caregiver.name} has ended. Ask the patient anew.")
    return caregiver


def _grant(
    episode: Episode, wish: Wish, *, now: datetime, by: User | None = None, on: DeviceToken | None = None
) -> tuple[Caregiver, str]:
    _check(episode, wish)
    caregiver = Caregiver.objects.create(
        clinic_id=episode.clinic_id,
        patient_id=episode.patient_id,
        episode=episode,
        name=wish.name,
        relation=wish.relation,
        phone=wish.phone,
        scope=wish.scope,
        wording=wish.wording,
        granted_at=now,
        granted_by=by,
        granted_on=on,
    )
    history.remember(caregiver, what=history.GRANTED, now=now, by=by, on=on, scope=wish.scope)
    return caregiver, _code(caregiver, now=now, by=by, on=on)


def _check(episode: Episode, wish: Wish) -> None:
    _check_scope(wish.scope)
    if episode.status == Episode.Status.ENDED:
        raise CaregiverRefused("This recovery has ended, so nobody has to help with it any more.")
    if wish.wording != WORDING:
        raise CaregiverRefused("These words are not the ones of today. Read them again.", field="wording")
    names = Caregiver.objects.filter(episode=episode, revoked_at=None).values_list("name", flat=True)
    if len(names) >= MOST:
        raise CaregiverRefused(f"{MOST} people help already. End the consent for one of them first.")
    if any(enrolment.same_name(name, wish.name) for name in names):
        raise CaregiverRefused(
            "Somebody of this name helps already. Make a new code for their phone.", field="name"
        )


def _check_scope(scope: str) -> None:
    if scope not in Caregiver.Scope.values:
        raise CaregiverRefused("Choose what they may see.", field="scope")


def _change_scope(
    caregiver: Caregiver,
    scope: str,
    *,
    now: datetime,
    by: User | None = None,
    on: DeviceToken | None = None,
) -> Caregiver:
    _check_scope(scope)
    if caregiver.scope != scope:
        Caregiver.objects.filter(pk=caregiver.pk).update(scope=scope)
        history.remember(caregiver, what=history.SCOPED, now=now, by=by, on=on, scope=scope)
        caregiver.scope = scope
    return caregiver


def _code(
    caregiver: Caregiver, *, now: datetime, by: User | None = None, on: DeviceToken | None = None
) -> str:
    episode = caregiver.episode
    if episode.status == Episode.Status.ENDED:
        raise CaregiverRefused("This recovery has ended, so no phone can join it.")
    enrolment.expire_codes(episode, caregiver=caregiver, now=now)
    return enrolment.issue_code(episode=episode, caregiver=caregiver, by=by, on=on, now=now)


def _locked(episode: Episode) -> Episode:
    """So that of two who grant at once each sees the other."""
    return (
        Episode.objects.select_for_update(of=("self",), no_key=True)
        .select_related("clinic")
        .get(pk=episode.pk)
    )
