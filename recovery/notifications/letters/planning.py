"""Which letters there are to be, and which are of no use any more."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from recovery import sealing
from recovery.models import Clinic, Contact, Episode, Letter, User
from recovery.notifications.channels import mail, numbers
from recovery.notifications.database_clock import DatabaseClock
from recovery.notifications.wording import KINDS

LONGEST_VALUE = 80
"""Characters of one value of a letter's detail."""

USEFUL_FOR = timedelta(days=3)
"""When nothing else is said: later it is not sent any more."""


@dataclass(frozen=True, slots=True)
class To:
    """Whom a letter is for, and where: a member of staff or the patient of an episode."""

    channel: str
    line: str
    user: User | None = None
    contact: Contact | None = None
    episode: Episode | None = None
    address: str = ""

    @classmethod
    def at(cls, contact: Contact) -> Self:
        """A member of staff, at this contact of theirs."""
        return cls(contact.channel, contact.line, user=contact.user, contact=contact)

    @classmethod
    def staff(cls, user: User) -> Self:
        """A member of staff, at the e-mail that they sign in with."""
        return cls(Contact.Channel.EMAIL, "email", user=user)

    @classmethod
    def patient(cls, episode: Episode, *, channel: str, address: str) -> Self:
        """By e-mail or text message. Raises Permanent for what cannot be such an address."""
        check: dict[str, Callable[[str], str]] = {
            Contact.Channel.EMAIL: mail.checked,
            Contact.Channel.SMS: numbers.checked,
        }
        return cls(channel, channel, episode=episode, address=check[Contact.Channel(channel)](address))


def plan(
    kind: str,
    *,
    key: str,
    clinic: Clinic,
    to: To,
    detail: Mapping[str, str] | None = None,
    due_at: datetime,
    expires_at: datetime | None = None,
    code: str = "",
) -> Letter | None:
    """One letter of this kind and key for the clinic, to be sent from `due_at` on and before `expires_at`. None when
    there is one already.

    `kind` is one of notifications/wording.py, and `detail` fills its words; a `code` goes into them, too, without
    standing in the database in the clear. Raises KeyError for a kind or a value that is missing, ValueError for a value
    that is not one short line.
    """
    words = dict(detail or {})
    if any(not value.isprintable() or len(value) > LONGEST_VALUE for value in words.values()):
        raise ValueError("a value of a letter is one short line")
    KINDS[kind].fill(letter="", code=code, detail=words)
    letter = Letter(
        clinic=clinic,
        kind=kind,
        key=key,
        user=to.user,
        contact=to.contact,
        episode=to.episode,
        channel=to.channel,
        line=to.line,
        sealed_address=sealing.seal(to.address) if to.address else "",
        sealed_code=sealing.seal(code) if code else "",
        detail=words,
        due_at=due_at,
        expires_at=expires_at or due_at + USEFUL_FOR,
        next_attempt_at=DatabaseClock(),
    )
    Letter.objects.bulk_create([letter], ignore_conflicts=True)
    return Letter.objects.filter(uuid=letter.uuid).first()


def cancel(
    kind: str,
    *,
    clinic: Clinic | None = None,
    keys: Collection[str] | None = None,
    episode: Episode | None = None,
    contact: Contact | None = None,
) -> int:
    """Drop what was not sent yet, of these keys or of this patient or contact. What is being sent at this moment may
    still leave; it then counts as sent. Returns how many."""
    owed = Letter.objects.filter(kind=kind, status__in=Letter.OWED)
    if keys is not None:
        owed = owed.filter(key__in=keys)
    for name, row in {"clinic": clinic, "episode": episode, "contact": contact}.items():
        if row is not None:
            owed = owed.filter(**{name: row})
    if keys is None and episode is None and contact is None:
        raise ValueError("say which letters: keys, a patient's or a contact's")
    return owed.update(status=Letter.Status.DROPPED, sealed_code="")


def send_elsewhere(kinds: Collection[str], *, episode: Episode, to: To | None) -> None:
    """What was not sent yet to this patient goes no more where it was to go. Of these kinds it is planned anew, to go
    here instead, if there is a place. What is being sent at this moment may still leave."""
    owed = Letter.objects.filter(episode=episode, status__in=Letter.OWED)
    held = list(owed.select_for_update(of=("self",)).select_related("clinic").order_by("pk"))
    owed.filter(pk__in=[letter.pk for letter in held]).update(status=Letter.Status.DROPPED, sealed_code="")
    for letter in held:
        if to is not None and letter.kind in kinds:
            plan(
                letter.kind,
                key=f"{letter.key.partition('/')[0]}/{letter.pk}",
                clinic=letter.clinic,
                to=to,
                detail=letter.detail,
                due_at=letter.due_at,
                expires_at=letter.expires_at,
            )


def opened(letter: UUID, *, now: datetime) -> bool:
    """Whoever it is for was seen to have it: an app's receipt, or somebody who followed its link. False when nothing
    was sent under this id; doing it again changes nothing."""
    known = Letter.objects.filter(uuid=letter).exclude(
        status__in=[Letter.Status.WAITING, Letter.Status.DROPPED]
    )
    known.filter(opened_at=None).update(opened_at=now)
    return known.exists()
