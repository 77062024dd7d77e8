"""The phones that report for a recovery, those that no longer do, and the code that waits for the next one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Max

from recovery import access, devices, enrolment
from recovery.dashboard.screens.care import Care, care_of
from recovery.dashboard.screens.place import Clock
from recovery.models import DeviceToken, Episode, EpisodeEvent, User


@dataclass(frozen=True, slots=True)
class Phone:
    """`out` says who signed it out, when and why; empty while it may report. `helper`: the caregiver whose it is."""

    id: UUID
    name: str
    platform: str
    helper: str
    joined: str
    heard: str
    out: str
    why: str


@dataclass(frozen=True, slots=True)
class Phones:
    care: Care
    phones: list[Phone]
    waiting: str

    @property
    def in_use(self) -> list[Phone]:
        return [phone for phone in self.phones if not phone.out]

    @property
    def signed_out(self) -> list[Phone]:
        return [phone for phone in self.phones if phone.out]

    def named(self, device_id: UUID) -> Phone | None:
        return next((phone for phone in self.phones if phone.id == device_id), None)


def show(user: User, episode_id: UUID, now: datetime) -> Phones:
    """Raises Episode.DoesNotExist for a stranger. As many queries for many phones as for one."""
    care = care_of(user, episode_id, now)
    heard = access.check_ins(user).filter(episode=care.episode, device__isnull=False)
    heard_at = dict(heard.values("device").annotate(at=Max("received_at")).values_list("device", "at"))
    events = care.episode.events.filter(what=devices.SIGNED_OUT).select_related("by")
    signed_out = {event.was.get("phone", ""): event for event in events.order_by("id")}
    rows = care.episode.devices.select_related("caregiver").order_by("-created_at", "-pk")
    return Phones(
        care=care,
        phones=[_phone(row, heard_at, signed_out.get(str(row.uuid)), care.clock) for row in rows],
        waiting=_waiting(care.episode, care.clock),
    )


def _phone(
    row: DeviceToken, heard_at: Mapping[int, datetime], event: EpisodeEvent | None, clock: Clock
) -> Phone:
    out = ""
    if row.revoked_at is not None:
        out = f"Signed out {_by(row, event)}, {clock.moment(row.revoked_at)}"
    heard = heard_at.get(row.pk)
    return Phone(
        id=row.uuid,
        name=row.name,
        platform=row.platform,
        helper=row.caregiver.name if row.caregiver else "",
        joined=clock.moment(row.created_at),
        heard=clock.moment(heard) if heard else "",
        out=out,
        why=event.reason if event is not None else "",
    )


def _by(row: DeviceToken, event: EpisodeEvent | None) -> str:
    if event is not None and event.by is not None:
        return f"by {event.by.name}"
    if event is not None:
        return f"by the {event.was.get('on', 'patient')}, on another phone"
    if row.caregiver and row.caregiver.revoked_at == row.revoked_at:
        return "as the caregiver’s consent ended"
    return "on the phone itself"


def _waiting(episode: Episode, clock: Clock) -> str:
    """About a code that nobody has used yet; empty when there is none that works."""
    unused = enrolment.unused_codes(episode, now=clock.now).select_related("created_by")
    code = unused.order_by("-pk").first()
    if code is None:
        return ""
    by = f" by {code.created_by.name}" if code.created_by else ""
    return f"A code issued{by} {clock.moment(code.created_at)} waits to be used, until {clock.moment(code.expires_at)}."
