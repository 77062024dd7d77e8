"""Where somebody is told, and whether that works."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from recovery import access
from recovery.dashboard.screens.place import Clock, clock_of
from recovery.models import Clinic, Contact, Letter, User
from recovery.notifications.channels import sms


@dataclass(frozen=True, slots=True)
class Row:
    """`works` is True, False, or None while that is not known. `way` says what became of the last message there."""

    id: UUID
    channel: str
    address: str
    clinic: str
    words: str
    works: bool | None
    way: str
    is_verified: bool
    code_waits: bool
    is_webhook: bool


@dataclass(frozen=True, slots=True)
class Page:
    clock: Clock
    sign_in_mail: str
    rows: list[Row]
    ended: list[Row]
    clinics: list[Clinic]
    channels: list[Contact.Channel]

    @property
    def verified(self) -> bool:
        return any(row.is_verified for row in self.rows)


def show(user: User, now: datetime) -> Page:
    """In as many statements for many contacts as for one."""
    clock = clock_of(user, now)
    found = list(access.contacts(user).select_related("clinic").order_by("pk"))
    last = access.letters_to(user).filter(contact__in=found).order_by("contact", "-id").distinct("contact")
    letters = {letter.contact_id: letter for letter in last}
    clinics = list(access.clinics(user).order_by("name"))
    several = len({contact.clinic_id for contact in found} | {clinic.pk for clinic in clinics}) > 1
    rows = [_row(contact, letters.get(contact.pk), clock, several) for contact in found]
    channels = [channel for channel in Contact.Channel if channel != Contact.Channel.SMS or sms.is_there()]
    return Page(
        clock=clock,
        sign_in_mail=user.email,
        rows=[row for row, contact in zip(rows, found, strict=True) if contact.ended_at is None],
        ended=[row for row, contact in zip(rows, found, strict=True) if contact.ended_at is not None][::-1],
        clinics=clinics,
        channels=channels,
    )


def _row(contact: Contact, letter: Letter | None, clock: Clock, several: bool) -> Row:
    works, words = _state(contact, clock)
    return Row(
        id=contact.uuid,
        channel=contact.get_channel_display(),
        address=contact.address.partition("?")[0],
        clinic=contact.clinic.name if several else "",
        words=words,
        works=works,
        way=_way(letter, clock) if letter and contact.ended_at is None else "",
        is_verified=contact.verified_at is not None,
        code_waits=contact.code_until is not None and contact.code_until > clock.now,
        is_webhook=contact.channel == Contact.Channel.WEBHOOK,
    )


def _state(contact: Contact, clock: Clock) -> tuple[bool | None, str]:
    tested, answered = contact.tested_at, contact.answered_at
    if contact.ended_at is not None:
        return None, f"Ended {clock.moment(contact.ended_at)}"
    if contact.verified_at is None:
        return None, "Not verified yet: nothing else goes there"
    if tested is not None and (answered is None or answered < tested):
        since = clock.moment(tested)
        return False, f"The test of {since} was not answered yet"
    if answered is not None:
        return True, f"Works: answered {clock.moment(answered)}"
    return None, f"Verified {clock.moment(contact.verified_at)}, never tested"


def _way(letter: Letter, clock: Clock) -> str:
    """Of the last code or test."""
    match letter.status:
        case Letter.Status.DELIVERED:
            return f"Last message delivered {clock.moment(letter.delivered_at or letter.due_at)}."
        case Letter.Status.SENT:
            return f"Last message sent {clock.moment(letter.sent_at or letter.due_at)}."
        case Letter.Status.FAILED:
            return f"The last message could not be sent ({letter.last_error})."
        case Letter.Status.WAITING if letter.last_error:
            return f"The last message is not through yet ({letter.last_error}); it is tried again."
        case Letter.Status.WAITING | Letter.Status.SENDING:
            return "A message is on its way."
    return ""
