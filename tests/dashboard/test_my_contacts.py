"""How I am told: a colleague adds a contact, verifies it by the code that is sent there, tests it, and ends it."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from recovery import contacts, watch
from recovery.contacts import ContactRefused
from recovery.models import CareTeam, Contact, Letter, User
from recovery.notifications import letters
from tests import factories
from tests.dashboard.conftest import SetClock
from tests.factories import at
from tests.provider import Provider

pytestmark = pytest.mark.django_db

PAGE = "/contacts"


@pytest.fixture
def team(set_clock: SetClock) -> CareTeam:
    set_clock(20)
    return factories.team()


@pytest.fixture
def ben(team: CareTeam) -> User:
    return factories.member(team, "Ben Okafor", password=None)


@pytest.fixture
def desk(ben: User, client: Client) -> Client:
    client.force_login(ben)
    return client


def add(desk: Client, channel: str = "email", address: str = "ben@home.example") -> Any:
    return desk.post(f"{PAGE}/add", {"channel": channel, "address": address})


def do(desk: Client, action: str, **fields: str) -> Any:
    return desk.post(f"{PAGE}/{Contact.objects.latest('pk').uuid}/{action}", fields)


def post_letters(hours: float = 20) -> int:
    return letters.deliver_due(limit=10, now=at(hours))


def code_in(text: str) -> str:
    return re.findall(r"[0-9A-Z]{4}-[0-9A-Z]{4}", text)[-1]


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_a_mailbox_is_added_verified_by_the_code_and_counts_from_then_on(desk: Client, both: Provider):
    assert add(desk).status_code == 303
    contact = Contact.objects.get()
    assert (contact.verified_at, contact.address) == (None, "ben@home.example")
    assert "Not verified yet" in text_of(desk.get(PAGE))
    post_letters()

    (mail,) = both.mail.mails
    code = code_in(mail.message.get_content())
    assert code not in Letter.objects.get().sealed_code + Contact.objects.get().code_hash
    assert do(desk, "code", code=code.lower().replace("-", " ")).status_code == 303
    contact.refresh_from_db()
    assert contact.verified_at == contact.answered_at == at(20)
    assert "Works: answered" in text_of(desk.get(PAGE))


def test_a_telephone_is_added_as_people_write_numbers(desk: Client, both: Provider):
    add(desk, "sms", "+44 7700 900123")
    post_letters()

    (text,) = both.sms.texts
    assert text["To"] == "+447700900123"
    assert do(desk, "code", code=code_in(text["Body"])).status_code == 303
    assert Contact.objects.get().verified_at is not None


def test_the_secret_of_a_webhook_is_shown_once_and_its_code_goes_there(desk: Client, both: Provider):
    shown = add(desk, "webhook", both.web.url("/ben"))
    assert "whsec_" in shown.content.decode()
    assert "whsec_" not in desk.get(PAGE).content.decode()
    post_letters()

    body = both.web.requests[0].body.decode()
    assert '"type":"contact.code"' in body
    assert do(desk, "code", code=code_in(body)).status_code == 303
    assert "whsec_" in do(desk, "secret").content.decode()


@pytest.mark.parametrize(
    ("channel", "address", "says"),
    [
        ("sms", "07700 900123", "with its country"),
        ("email", "ben", "Write an address"),
        ("email", "ben@[::", "Write an address"),
        ("webhook", "https://127.0.0.1:22/", "https://"),
        ("webhook", "file:///etc/passwd", "https://"),
        ("email", "ben@home.example\r\nBcc: eve@example.org", "Write an address"),
    ],
)
def test_what_cannot_be_is_refused_and_what_was_typed_stays(
    desk: Client, both: Provider, channel: str, address: str, says: str
):
    answer = add(desk, channel, address)

    assert answer.status_code == 409
    assert says in text_of(answer)
    assert address.split("\r\n")[0] in answer.content.decode()
    assert not Contact.objects.exists()


def test_without_an_account_text_messages_are_not_offered(desk: Client):
    assert 'value="sms"' not in desk.get(PAGE).content.decode()
    assert add(desk, "sms", "+447700900123").status_code == 422


def test_a_wrong_code_is_counted_and_after_five_none_is_right(desk: Client, both: Provider):
    add(desk)
    post_letters()
    code = code_in(both.mail.mails[0].message.get_content())

    for left in (4, 3, 2, 1):
        assert f"{left} more tr" in text_of(do(desk, "code", code="AAAA-AAAA"))
    assert "Have a new one sent" in text_of(do(desk, "code", code="AAAA-AAAA"))
    assert do(desk, "code", code=code).status_code == 409
    assert Contact.objects.get().verified_at is None


def test_a_code_is_good_for_half_an_hour_and_a_new_one_ends_it(
    desk: Client, both: Provider, set_clock: SetClock
):
    add(desk)
    post_letters()
    set_clock(20.1)
    do(desk, "send-code")
    post_letters(20.1)
    first, second = (code_in(mail.message.get_content()) for mail in both.mail.mails)

    assert do(desk, "code", code=first).status_code == 409
    set_clock(20.7)
    assert do(desk, "code", code=second).status_code == 409
    assert Contact.objects.get().verified_at is None


def test_codes_are_not_sent_faster_than_one_a_minute_nor_without_end(
    desk: Client, both: Provider, set_clock: SetClock
):
    add(desk)
    assert "less than a minute ago" in text_of(do(desk, "send-code"))
    for n in range(1, 20):
        set_clock(20 + n / 50)
        assert do(desk, "send-code").status_code == 303
    set_clock(21)
    assert "Try again tomorrow" in text_of(do(desk, "send-code"))


def verified(ben: User, team: CareTeam, **fields: Any) -> Contact:
    contact = contacts.add_email(user=ben, clinic=team.clinic, address="ben@home.example", now=at(1))
    contacts.verify(contact=contact, now=at(1))
    Contact.objects.update(**fields)
    return contact


def test_a_test_is_answered_by_its_link_after_signing_in(
    desk: Client, ben: User, team: CareTeam, both: Provider, settings
):
    settings.BASE_URL = "http://testserver"
    contact = verified(ben, team)
    assert do(desk, "test").status_code == 303
    post_letters()
    assert "was not answered yet" in text_of(desk.get(PAGE))
    (link,) = re.findall(r"http://testserver(\S+)", both.mail.mails[0].message.get_content())

    assert Client().get(link).status_code == 302
    assert desk.get(link).status_code == 200
    contact.refresh_from_db()
    assert contact.answered_at is None, "programs follow links, too"
    assert desk.post(link).status_code == 303
    contact.refresh_from_db()
    assert contact.answered_at == at(20)
    assert Letter.objects.get().opened_at == at(20)
    assert desk.post(link).status_code == 303


def test_a_test_is_answered_by_its_code_too(desk: Client, ben: User, team: CareTeam, both: Provider):
    contact = verified(ben, team)
    do(desk, "test")
    post_letters()
    do(desk, "code", code=code_in(both.mail.mails[0].message.get_content()))

    contact.refresh_from_db()
    assert contact.answered_at == at(20)


def test_nobody_else_can_answer_a_test_and_an_old_one_cannot_be_answered(
    desk: Client, ben: User, team: CareTeam, set_clock: SetClock
):
    verified(ben, team)
    do(desk, "test")
    link = f"{PAGE}/tests/{Letter.objects.get().uuid}"
    colleague = Client()
    colleague.force_login(factories.member(team, "Dora Klein", password=None))

    assert colleague.get(link).status_code == colleague.post(link).status_code == 404
    assert desk.get(f"{PAGE}/tests/{uuid4()}").status_code == 404
    set_clock(20 + 73)
    assert "more than three days old" in text_of(desk.post(link))
    assert Contact.objects.get().answered_at is None


def test_an_earlier_test_does_not_answer_a_later_one(
    desk: Client, ben: User, team: CareTeam, set_clock: SetClock
):
    verified(ben, team)
    do(desk, "test")
    first = Letter.objects.get()
    set_clock(30)
    do(desk, "test")
    set_clock(31)
    desk.post(f"{PAGE}/tests/{first.uuid}")

    assert Contact.objects.get().answered_at is None


def test_an_ended_contact_is_shown_and_used_no_more(desk: Client, ben: User, team: CareTeam):
    verified(ben, team)
    assert do(desk, "end").status_code == 303

    page = text_of(desk.get(PAGE))
    assert "Ended" in page
    assert "No contact yet" in page
    assert do(desk, "test").status_code == 409
    assert do(desk, "end").status_code == 303
    assert add(desk).status_code == 303


def test_whoever_has_none_is_told_that_they_do_not_count_as_reachable(desk: Client, ben: User):
    page = desk.get(PAGE)

    assert "you do not count as reachable" in text_of(page)
    assert f'value="{ben.email}"' in page.content.decode()


def test_nobody_sees_or_moves_the_contacts_of_a_colleague(desk: Client, ben: User, team: CareTeam):
    dora = factories.member(team, "Dora Klein", password=None)
    contact = contacts.add_email(user=dora, clinic=team.clinic, address="dora@home.example", now=at(1))

    assert "dora@" not in text_of(desk.get(PAGE))
    for action in ("send-code", "code", "test", "secret", "end"):
        assert do(desk, action, code="AAAA-AAAA").status_code == 404
    contact.refresh_from_db()
    assert (contact.ended_at, contact.code_hash) == (None, "")


def test_the_page_costs_as_many_statements_for_many_contacts_as_for_one(
    desk: Client, ben: User, team: CareTeam, django_assert_max_num_queries
):
    for n in range(8):
        contact = contacts.add_email(user=ben, clinic=team.clinic, address=f"ben{n}@home.example", now=at(1))
        contacts.verify(contact=contact, now=at(1))
    with django_assert_max_num_queries(9):
        desk.get(PAGE)


def test_tests_come_monthly_at_ten_on_a_weekday_and_again_in_a_week_unless_answered(
    ben: User, team: CareTeam, both: Provider
):
    """Time zero is 10:00 UTC on Monday 2 March 2026; the clinic is in London, where clocks change on the 29th."""
    contact = verified(ben, team)
    contact.refresh_from_db()
    assert contact.next_test_at.isoformat() == "2026-04-02T09:00:00+00:00", "ten o'clock in summer time"
    month = at((contact.next_test_at - factories.T0).total_seconds() / 3600)

    assert contacts.test_due(limit=10, now=at(24 * 20)) == 0
    assert watch.cycle(month)["tested"] == 1
    assert both.mail.recipients == ["ben@home.example"]
    contact.refresh_from_db()
    assert contact.tested_at == month
    assert contact.next_test_at.isoformat() == "2026-04-09T09:00:00+00:00"
    letter = Letter.objects.get()
    contacts.answer_test(letter=letter.uuid, by=ben, now=month)
    contact.refresh_from_db()
    assert contact.next_test_at.isoformat() == "2026-05-04T09:00:00+00:00", "the second of May is a Saturday"


def test_who_has_left_the_clinic_is_not_tested(ben: User, team: CareTeam):
    verified(ben, team, next_test_at=at(10))
    ben.memberships.update(ended_at=at(5))

    contacts.test_due(limit=10, now=at(20))
    assert not Letter.objects.exists()
    assert contacts.test_due(limit=10, now=at(20)) == 0


def test_a_contact_cannot_be_made_for_a_clinic_that_one_does_not_work_for(ben: User):
    with pytest.raises(ContactRefused):
        contacts.add_email(
            user=ben, clinic=factories.clinic("Northgate"), address="ben@home.example", now=at(1)
        )


def test_ten_contacts_are_enough(ben: User, team: CareTeam):
    for n in range(10):
        contacts.add_email(user=ben, clinic=team.clinic, address=f"ben{n}@home.example", now=at(1))
    with pytest.raises(ContactRefused, match="End one of them first"):
        contacts.add_email(user=ben, clinic=team.clinic, address="ben10@home.example", now=at(1))


def test_the_page_is_linked_from_every_page(desk: Client):
    assert f'href="{reverse("dashboard:my-contacts")}"' in desk.get("/").content.decode()
