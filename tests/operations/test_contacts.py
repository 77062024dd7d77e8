"""Where a colleague is told: contacts are added, verified, given a new secret and ended."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from recovery import contacts, sealing
from recovery.contacts import ContactRefused
from recovery.models import AuditEvent, Clinic, Contact, User
from tests import factories
from tests.factories import T0, at

pytestmark = pytest.mark.django_db

URL = "https://hooks.example.org/ben?token=t0k3n"


@pytest.fixture
def clinic() -> Clinic:
    return factories.clinic()


@pytest.fixture
def ben(clinic: Clinic) -> User:
    return factories.member(factories.team(clinic), "Ben Okafor")


def webhook(ben: User, clinic: Clinic) -> tuple[Contact, str]:
    return contacts.add_webhook(user=ben, clinic=clinic, url=URL, now=T0)


def secrets_of(contact: Contact) -> list[str]:
    contact.refresh_from_db()
    return sealing.unseal(contact.sealed_secrets).split()


def test_a_contact_is_not_used_before_it_is_verified(ben: User, clinic: Clinic):
    contact = contacts.add_email(user=ben, clinic=clinic, address="ben@home.example", now=T0)
    assert contact.verified_at is None

    contacts.verify(contact=contact, now=at(1))
    contacts.verify(contact=contact, now=at(2))
    contact.refresh_from_db()
    assert contact.verified_at == at(1)
    assert list(AuditEvent.objects.order_by("pk").values_list("what", flat=True)) == [
        "added contact",
        "verified contact",
    ]


def test_the_secret_of_a_webhook_is_told_once_and_stored_sealed(ben: User, clinic: Clinic):
    contact, secret = webhook(ben, clinic)

    assert secret.startswith("whsec_")
    assert secret not in contact.sealed_secrets
    assert secret not in f"{contact} {contact!r} {AuditEvent.objects.get().detail}"
    assert secrets_of(contact) == [secret]


def test_a_new_secret_stands_beside_the_one_before_it(ben: User, clinic: Clinic):
    contact, first = webhook(ben, clinic)
    second = contacts.change_secret(contact=contact, now=at(1))
    assert secrets_of(contact) == [second, first]

    third = contacts.change_secret(contact=contact, now=at(2))
    assert secrets_of(contact) == [third, second]


def test_a_secret_sealed_under_an_earlier_key_can_be_read_while_that_key_is_named(
    ben: User, clinic: Clinic, settings
):
    contact, secret = webhook(ben, clinic)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key"
    assert secrets_of(contact) == [secret]

    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(sealing.CannotUnseal):
        secrets_of(contact)


@pytest.mark.parametrize(
    "url", ["http://hooks.example.org/", "https://ben@hooks.example.org/", "https://hooks.example.org:22/"]
)
def test_an_address_that_will_not_do_is_refused(url: str, ben: User, clinic: Clinic):
    with pytest.raises(ContactRefused, match="https://"):
        contacts.add_webhook(user=ben, clinic=clinic, url=url, now=T0)
    with pytest.raises(ContactRefused, match="address such as"):
        contacts.add_email(user=ben, clinic=clinic, address="ben", now=T0)
    assert not Contact.objects.exists()


def test_who_does_not_work_for_the_clinic_has_no_contact_in_it(ben: User):
    other = factories.clinic("Harbour Clinic")

    with pytest.raises(ContactRefused, match="no care team"):
        webhook(ben, other)


def test_the_same_contact_twice_is_refused_until_the_first_has_ended(ben: User, clinic: Clinic):
    contact, _ = webhook(ben, clinic)
    with pytest.raises(ContactRefused, match="already"):
        webhook(ben, clinic)

    contacts.end(contact=contact, now=at(1))
    contacts.end(contact=contact, now=at(2))
    webhook(ben, clinic)
    contact.refresh_from_db()
    assert contact.ended_at == at(1)
    with pytest.raises(ContactRefused):
        contacts.change_secret(contact=contact, now=at(3))


# --- the operator's door -------------------------------------------------------------------------------------------


def run(*arguments: str) -> str:
    told = StringIO()
    call_command("contact", *arguments, stdout=told)
    return told.getvalue()


def test_an_operator_adds_lists_and_ends_contacts(ben: User):
    told = run(ben.email, "--webhook", URL)
    contact = Contact.objects.get()
    assert contact.verified_at is not None
    assert secrets_of(contact) == [told.split("shown this once: ")[1].split()[0]]

    run(ben.email, "--mail", "ben@home.example")
    listed = run(ben.email.upper())
    assert str(contact.uuid) in listed
    assert "ben@home.example" in listed
    assert "whsec_" not in listed

    assert "whsec_" in run(ben.email, "--new-secret", str(contact.uuid))
    assert str(contact.uuid) not in run(ben.email, "--end", str(contact.uuid))


def test_it_says_what_is_wrong_and_changes_nothing(ben: User):
    factories.member(factories.team(factories.clinic("Harbour Clinic")), "Cleo Hart")
    for arguments, complaint in {
        ("nobody@example.org",): "Nobody signs in",
        (ben.email, "--end", "7"): "no contact",
        (ben.email, "--webhook", "http://x"): "https://",
        (ben.email, "--webhook", URL, "--clinic", "Harbour Clinic"): "Give --clinic",
    }.items():
        with pytest.raises(CommandError, match=complaint):
            run(*arguments)
    assert not Contact.objects.exists()
