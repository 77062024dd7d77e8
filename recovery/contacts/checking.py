"""Whether a contact works: a code that was sent there is entered by its owner, and test messages are answered."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F

from recovery import access, audit
from recovery.contacts.keeping import TEST_EVERY, ContactRefused, test_time
from recovery.models import Contact, Letter, User
from recovery.notifications import letters

CODE, TEST = "contact.code", "contact.test"

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O or U to be misread
READ_AS = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})
LETTERS = 8

CODE_LIFE = timedelta(minutes=30)
TEST_LIFE = timedelta(days=3)
MOST_TRIES = 5

BETWEEN = timedelta(minutes=1)
A_DAY, MOST_A_DAY = timedelta(days=1), 20
"""Codes and tests that one person may have sent: they cost money, and may bother somebody else."""

TEST_AGAIN = timedelta(days=7)
"""After one that nobody answered."""


@transaction.atomic
def send_code(*, contact: Contact, by: User, now: datetime) -> None:
    """Send a code there. Whoever enters it shows that the contact is theirs. It takes the place of an earlier one."""
    locked = _locked(contact)
    if locked.verified_at is not None:
        raise ContactRefused("This contact is verified. Send yourself a test instead.")
    _not_too_often(locked.user, now)
    _send(CODE, locked, life=CODE_LIFE, now=now)
    audit.record(what="sent contact code", now=now, clinic=locked.clinic, user=by, subject=locked)


def send_test(*, contact: Contact, by: User, now: datetime) -> None:
    """Send a test message there, to be answered in three days."""
    with transaction.atomic():
        locked = _locked(contact)
        if locked.verified_at is None:
            raise ContactRefused("Verify this contact first: enter the code that is sent there.")
        _not_too_often(locked.user, now)
        _test(locked, now=now)
        audit.record(what="sent contact test", now=now, clinic=locked.clinic, user=by, subject=locked)


def enter_code(*, contact: Contact, code: str, by: User, now: datetime) -> None:
    """The code that was sent there last: the contact is verified from now on, and its test answered. Forgiving about
    case, blanks, dashes and the letters I, L and O. Wrong ones are counted in the database, where guesses that come at
    once cannot pass each other."""
    given = access.hash_of(code.upper().translate(READ_AS))
    counted = Contact.objects.filter(
        pk=contact.pk, ended_at=None, code_until__gt=now, code_tries__lt=MOST_TRIES
    ).update(code_tries=F("code_tries") + 1)
    if not counted:
        raise ContactRefused("No code is waiting for this contact any more. Have a new one sent.")
    with transaction.atomic():
        locked = _locked(contact)
        if not secrets.compare_digest(locked.code_hash, given):
            left = MOST_TRIES - locked.code_tries
            tries = f"{left} more {'try' if left == 1 else 'tries'}" if left > 0 else "Have a new one sent"
            raise ContactRefused(f"This is not the code that was sent there last. {tries}.")
        _works(locked, by=by, now=now)


@transaction.atomic
def answer_test(*, letter: UUID, by: User, now: datetime) -> Contact:
    """Whoever follows the link of a test, signed in as who it was sent to, has got it. Raises Letter.DoesNotExist for
    anybody else's."""
    sent = Letter.objects.select_related("contact").get(uuid=letter, kind=TEST, user=by)
    if sent.contact is None:
        raise Letter.DoesNotExist
    contact = _locked(sent.contact)
    if sent.due_at + TEST_LIFE <= now:
        raise ContactRefused("This test is more than three days old. Send yourself a new one.")
    if contact.tested_at is not None and contact.tested_at > sent.due_at:
        raise ContactRefused("A newer test was sent after this one. Answer that one.")
    if contact.answered_at is None or contact.answered_at < sent.due_at:
        letters.opened(letter, now=now)
        _works(contact, by=by, now=now)
    return contact


@transaction.atomic
def test_due(*, limit: int, now: datetime) -> int:
    """The watch's turn: the monthly tests. Who has left their clinic is not tested. Returns how many were planned."""
    due = Contact.objects.filter(ended_at=None, next_test_at__lte=now).order_by("next_test_at")
    found = list(
        due.select_for_update(skip_locked=True, of=["self"]).select_related("clinic", "user")[:limit]
    )
    for contact in found:
        if access.memberships(contact.user).filter(team__clinic=contact.clinic).exists():
            _test(contact, now=now)
        else:
            _test_next(contact, now + TEST_EVERY)
    return len(found)


def _test(contact: Contact, *, now: datetime) -> None:
    _send(TEST, contact, life=TEST_LIFE, now=now)
    Contact.objects.filter(pk=contact.pk).update(tested_at=now)
    _test_next(contact, now + TEST_AGAIN)


def _send(kind: str, contact: Contact, *, life: timedelta, now: datetime) -> None:
    """A letter with a code of its own. It takes the place of an earlier one of its kind."""
    code = _new_code(contact, until=now + life)
    letters.cancel(kind, contact=contact)
    letters.plan(
        kind,
        key=str(uuid4()),
        clinic=contact.clinic,
        to=letters.To.at(contact),
        due_at=now,
        expires_at=now + life,
        code=code,
    )


def _works(contact: Contact, *, by: User, now: datetime) -> None:
    """Somebody got what was sent there, and said so."""
    known = Contact.objects.filter(pk=contact.pk)
    known.update(answered_at=now, code_hash="", code_until=None, code_tries=0)
    what = "answered contact test"
    if known.filter(verified_at=None).update(verified_at=now):
        what = "verified contact"
    _test_next(contact, now + TEST_EVERY)
    audit.record(what=what, now=now, clinic=contact.clinic, user=by, subject=contact)


def _test_next(contact: Contact, after: datetime) -> None:
    Contact.objects.filter(pk=contact.pk).update(next_test_at=test_time(after, contact.clinic))


def _new_code(contact: Contact, *, until: datetime) -> str:
    """XXXX-XXXX, of 40 bits: shown nowhere but in the letter."""
    letters_of_code = "".join(secrets.choice(ALPHABET) for _ in range(LETTERS))
    Contact.objects.filter(pk=contact.pk).update(
        code_hash=access.hash_of(letters_of_code), code_until=until, code_tries=0
    )
    return f"{letters_of_code[:4]}-{letters_of_code[4:]}"


def _locked(contact: Contact) -> Contact:
    """Raises ContactRefused for one that has ended."""
    found = Contact.objects.select_for_update(of=["self"]).select_related("clinic", "user").get(pk=contact.pk)
    if found.ended_at is not None:
        raise ContactRefused("This contact has ended. Add it again to use it again.")
    return found


def _not_too_often(user: User, now: datetime) -> None:
    """Raises ContactRefused. Counted by person: a contact that is ended and added again begins no new count."""
    sent = Letter.objects.filter(contact__user=user, kind__in=[CODE, TEST], due_at__gt=now - A_DAY)
    times = sorted(sent.values_list("due_at", flat=True))
    if len(times) >= MOST_A_DAY:
        raise ContactRefused(f"{MOST_A_DAY} messages were sent to you since yesterday. Try again tomorrow.")
    if times and times[-1] > now - BETWEEN:
        raise ContactRefused(
            "A message was sent to you less than a minute ago. Look for it, or try in a minute."
        )
