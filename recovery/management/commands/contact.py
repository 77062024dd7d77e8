"""`manage.py contact`: where a member of staff is told, besides the e-mail that they sign in with."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from recovery import access, clock, contacts
from recovery.errors import Refused
from recovery.management.every_clinic import ForEveryClinic
from recovery.models import Clinic, Contact, User


class Command(ForEveryClinic):
    help = "List, add or end the contacts of a member of staff. Whoever adds one vouches that it is theirs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="what the person signs in with")
        parser.add_argument("--clinic", help="its name; needed for somebody who works for several")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--webhook", metavar="URL", help="tell them there, too; prints the secret once")
        what.add_argument("--mail", metavar="ADDRESS", help="tell them there, too")
        what.add_argument("--new-secret", metavar="ID", help="of a webhook; prints it once")
        what.add_argument("--end", metavar="ID", help="tell them there no longer")

    def handle(self, *args: Any, email: str, clinic: str | None, **options: Any) -> None:
        person = User.objects.filter(email__iexact=email).first()
        if person is None:
            raise CommandError(f"Nobody signs in as {email}.")
        try:
            self._do(person, clinic, **options)
        except Refused as refusal:
            raise CommandError(refusal.message) from None
        for contact in Contact.objects.filter(user=person, ended_at=None).order_by("pk"):
            self.stdout.write(f"{contact.uuid}  {contact.channel:<8} {contact.address}")

    def _do(
        self,
        person: User,
        clinic: str | None,
        *,
        webhook: str | None = None,
        mail: str | None = None,
        new_secret: str | None = None,
        end: str | None = None,
        **_: Any,
    ) -> None:
        now = clock.now()
        if webhook:
            contact, secret = contacts.add_webhook(
                user=person, clinic=_clinic_of(person, clinic), url=webhook, now=now
            )
            contacts.verify(contact=contact, now=now)
            self.stdout.write(f"Secret, shown this once: {secret}")
        if mail:
            contact = contacts.add_email(
                user=person, clinic=_clinic_of(person, clinic), address=mail, now=now
            )
            contacts.verify(contact=contact, now=now)
        if new_secret:
            secret = contacts.change_secret(contact=_contact_of(person, new_secret), now=now)
            self.stdout.write(f"Secret, shown this once: {secret}")
        if end:
            contacts.end(contact=_contact_of(person, end), now=now)


def _clinic_of(person: User, name: str | None) -> Clinic:
    theirs = Clinic.objects.filter(teams__in=access.teams(person)).distinct()
    found = list(theirs.filter(name__iexact=name) if name else theirs)
    if len(found) != 1:
        names = ", ".join(sorted(clinic.name for clinic in theirs)) or "none"
        raise CommandError(f"Give --clinic, one of those that this person works for: {names}.")
    return found[0]


def _contact_of(person: User, uuid: str) -> Contact:
    for contact in Contact.objects.filter(user=person, ended_at=None).select_related("clinic"):
        if str(contact.uuid) == uuid:
            return contact
    raise CommandError(f"This person has no contact {uuid}. Without options they are listed.")
