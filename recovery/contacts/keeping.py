"""Where members of staff are told: contacts are added, verified and ended, never changed."""

import base64
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q

from recovery import access, audit, sealing
from recovery.errors import Refused
from recovery.models import Clinic, Contact, Notification, User
from recovery.notifications import plan
from recovery.notifications.channels import Permanent, mail, numbers, reach, sms
from recovery.notifications.channels.webhook import PREFIX

Result = TypeVar("Result")

SECRET_BYTES = 32
MOST = 10
"""Contacts of one person in use for one clinic."""

LIVE_SECRETS = 2
"""The newest and the one before it: whoever receives may change to the new one in their own time."""


TEST_EVERY = timedelta(days=30)
TEST_HOUR = 10
"""On a weekday, by the clinic's clock: nobody is woken by a test."""


class ContactRefused(Refused):
    """The contact cannot be. The message says why."""

    code = "contact_refused"


def add_email(*, user: User, clinic: Clinic, address: str, now: datetime, by: User | None = None) -> Contact:
    """A mailbox, not used before it is verified."""
    checked = _checked(mail.checked, address, "Write an address such as ben@clinic.example.")
    return _add(Contact.Channel.EMAIL, checked, "email", user=user, clinic=clinic, now=now, by=by)


def add_sms(*, user: User, clinic: Clinic, number: str, now: datetime, by: User | None = None) -> Contact:
    """A telephone that takes text messages, not used before it is verified."""
    if not sms.is_there():
        raise ContactRefused(
            "Text messages are not set up here. Ask whoever runs the service, or add an e-mail."
        )
    advice = "Write the number with its country, such as +44 7700 900123."
    checked = _checked(numbers.checked, number, advice)
    return _add(Contact.Channel.SMS, checked, "sms", user=user, clinic=clinic, now=now, by=by)


def add_webhook(
    *, user: User, clinic: Clinic, url: str, now: datetime, by: User | None = None
) -> tuple[Contact, str]:
    """A URL, not used before it is verified, and the secret that what goes there is signed with. It is returned once
    and stored sealed."""
    target = _checked(
        reach.target_of, url, "Write an address that begins with https:// and leads to the internet."
    )
    secret = _new_secret()
    contact = _add(
        Contact.Channel.WEBHOOK,
        url,
        target.line,
        user=user,
        clinic=clinic,
        now=now,
        by=by,
        sealed_secrets=sealing.seal(secret),
    )
    return contact, secret


@transaction.atomic
def verify(*, contact: Contact, now: datetime, by: User | None = None) -> None:
    """From now on it is used. Doing it again changes nothing."""
    next_test_at = test_time(now + TEST_EVERY, contact.clinic)
    unverified = Contact.objects.filter(pk=contact.pk, verified_at=None, ended_at=None)
    if unverified.update(verified_at=now, next_test_at=next_test_at):
        audit.record(what="verified contact", now=now, clinic=contact.clinic, user=by, subject=contact)


@transaction.atomic
def change_secret(*, contact: Contact, now: datetime, by: User | None = None) -> str:
    """A new secret, returned once. What is sent is signed with the old one as well, until it is changed again."""
    locked = Contact.objects.select_for_update().get(pk=contact.pk)
    if locked.channel != Contact.Channel.WEBHOOK or locked.ended_at is not None:
        raise ContactRefused("Only a webhook that is in use has a secret.")
    known = sealing.unseal(locked.sealed_secrets).split()
    live = [_new_secret(), *known][:LIVE_SECRETS]
    Contact.objects.filter(pk=locked.pk).update(sealed_secrets=sealing.seal(" ".join(live)))
    audit.record(what="changed contact secret", now=now, clinic=locked.clinic, user=by, subject=locked)
    return live[0]


@transaction.atomic
def end(*, contact: Contact, now: datetime, by: User | None = None) -> None:
    """From now on nothing goes there. What still waits for it, and goes to the person nowhere else, goes to the e-mail
    that they sign in with. Doing it again changes nothing."""
    ended = Contact.objects.filter(pk=contact.pk, ended_at=None)
    if not ended.update(ended_at=now, code_hash="", code_until=None, next_test_at=None):
        return
    same = Notification.objects.filter(
        alert=OuterRef("alert"), step=OuterRef("step"), recipient=OuterRef("recipient")
    )
    elsewhere = same.filter(Q(contact=None) | Q(status__in=plan.UNDER_WAY) & ~Q(contact=contact))
    waiting = Notification.objects.filter(contact=contact, status=Notification.Status.WAITING)
    waiting.exclude(Exists(elsewhere)).update(contact=None, channel=Contact.Channel.EMAIL, line="email")
    audit.record(what="ended contact", now=now, clinic=contact.clinic, user=by, subject=contact)


@transaction.atomic
def _add(
    channel: Contact.Channel,
    address: str,
    line: str,
    *,
    user: User,
    clinic: Clinic,
    now: datetime,
    by: User | None,
    sealed_secrets: str = "",
) -> Contact:
    if not access.memberships(user).filter(team__clinic=clinic).exists():
        raise ContactRefused("This person belongs to no care team of the clinic.")
    if Contact.objects.filter(user=user, clinic=clinic, ended_at=None).count() >= MOST:
        raise ContactRefused(f"There are {MOST} contacts already. End one of them first.")
    try:
        with transaction.atomic():
            contact = Contact.objects.create(
                clinic=clinic,
                user=user,
                channel=channel,
                address=address,
                line=line,
                sealed_secrets=sealed_secrets,
                created_at=now,
            )
    except IntegrityError:
        raise ContactRefused("This person has this contact already.") from None
    audit.record(what="added contact", now=now, clinic=clinic, user=by, subject=contact, channel=channel)
    return contact


def _checked(check: Callable[[str], Result], address: str, advice: str) -> Result:
    try:
        return check(address)
    except Permanent as refusal:
        raise ContactRefused(f"{advice} ({refusal.code})") from None


def test_time(after: datetime, clinic: Clinic) -> datetime:
    """The next ten o'clock on a weekday at the clinic."""
    local = after.astimezone(ZoneInfo(clinic.time_zone))
    at_ten = local.replace(hour=TEST_HOUR, minute=0, second=0, microsecond=0)
    if at_ten < local:
        at_ten += timedelta(days=1)
    return at_ten + timedelta(days=max(0, 7 - at_ten.weekday()) if at_ten.weekday() > 4 else 0)


def _new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")
