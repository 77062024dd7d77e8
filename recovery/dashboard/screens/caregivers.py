"""Who has the patient's consent to answer for them: since when, how far, by whom, and with which phones."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Max

from recovery import access, caregivers
from recovery.dashboard.screens.care import Care, care_of
from recovery.dashboard.screens.place import Clock
from recovery.dashboard.wording import counted, dialled
from recovery.models import Caregiver, EnrolmentCode, User


@dataclass(frozen=True, slots=True)
class Helper:
    """`ended` says who ended the consent, and when; empty while it stands."""

    id: UUID
    name: str
    relation: str
    phone: str
    dial: str
    scope: str
    may: str
    granted: str
    phones: str
    waiting: str
    ended: str
    why: str


@dataclass(frozen=True, slots=True)
class Helpers:
    care: Care
    all: list[Helper]

    @property
    def standing(self) -> list[Helper]:
        return [one for one in self.all if not one.ended]

    @property
    def ended(self) -> list[Helper]:
        return [one for one in self.all if one.ended]

    @property
    def is_full(self) -> bool:
        return len(self.standing) >= caregivers.MOST

    def named(self, caregiver_id: UUID) -> Helper | None:
        return next((one for one in self.all if one.id == caregiver_id), None)


def show(user: User, episode_id: UUID, now: datetime) -> Helpers:
    """Raises Episode.DoesNotExist for a stranger. As many queries for many as for one."""
    care = care_of(user, episode_id, now)
    rows = access.caregivers(user).filter(episode=care.episode).select_related("granted_by", "revoked_by")
    listed = list(rows.order_by("granted_at", "pk"))
    phones, heard_at = phones_of(user, listed)
    codes = {
        code.caregiver_id: code
        for code in care.episode.enrolment_codes.filter(
            caregiver__in=listed,
            redeemed_at=None,
            expires_at__gt=now,
            wrong_tries__lt=EnrolmentCode.MAX_WRONG_TRIES,
        )
    }
    events = care.episode.events.filter(what=caregivers.ENDED).order_by("id")
    why = {(event.at, str(event.was.get("caregiver"))): event.reason for event in events}
    return Helpers(
        care=care,
        all=[
            _helper(
                row,
                phones.get(row.pk, 0),
                heard_at.get(row.pk),
                codes.get(row.pk),
                why.get((row.revoked_at, row.name), "") if row.revoked_at else "",
                care.clock,
            )
            for row in listed
        ],
    )


def phones_of(user: User, rows: Sequence[Caregiver]) -> tuple[Mapping[int, int], Mapping[int, datetime]]:
    """How many phones of each may report, and when they last reported. Two queries."""
    devices = access.phones(user).filter(caregiver__in=rows, revoked_at=None)
    phones = Counter(devices.values_list("caregiver", flat=True))
    heard = access.check_ins(user).filter(caregiver__in=rows).values("caregiver")
    return phones, dict(heard.annotate(at=Max("received_at")).values_list("caregiver", "at"))


def _helper(
    row: Caregiver, phones: int, heard_at: datetime | None, code: EnrolmentCode | None, why: str, clock: Clock
) -> Helper:
    ended = ""
    if row.revoked_at is not None:
        ended = f"{caregivers.ended_by(row)} ended it, {clock.moment(row.revoked_at)}"
    return Helper(
        id=row.uuid,
        name=row.name,
        relation=row.relation,
        phone=row.phone,
        dial=dialled(row.phone),
        scope=row.scope,
        may=Caregiver.Scope(row.scope).label,
        granted=f"{_granted_by(row)}, {clock.moment(row.granted_at)}",
        phones=_phones(phones, heard_at, clock),
        waiting=f"A code for a phone waits to be used, until {clock.moment(code.expires_at)}."
        if code
        else "",
        ended=ended,
        why=why,
    )


def _granted_by(row: Caregiver) -> str:
    if row.granted_by is None:
        return "The patient agreed on their own phone"
    return f"The patient agreed, as {row.granted_by.name} wrote down"


def _phones(count: int, heard_at: datetime | None, clock: Clock) -> str:
    much = counted(count, "phone may report", "phones may report") if count else "No phone has joined"
    return f"{much}. Last report {clock.moment(heard_at)}." if heard_at else f"{much}."
