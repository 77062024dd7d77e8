"""How I am told, in a real browser: with the keyboard alone, on a telephone, without JavaScript."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from recovery import contacts
from recovery.models import Alert, CareTeam, Contact, DeviceToken, Letter, User
from recovery.notifications import delivery, letters
from tests.browser.conftest import SitDown
from tests.browser.desk import SIZES, press
from tests.dashboard.conftest import SetClock
from tests.dashboard.scenes import report
from tests.factories import at
from tests.provider import Answer, Provider

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CUT_OFF = """() => [...document.querySelectorAll("main *")].filter(one =>
    one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX === "hidden"
    && !one.classList.contains("visually-hidden")).length"""


def last_mail(both: Provider, hours: float) -> str:
    letters.deliver_due(limit=10, now=at(hours))
    return str(both.mail.mails[-1].message.get_content())


def code_in(text: str) -> str:
    return re.findall(r"[0-9A-Z]{4}-[0-9A-Z]{4}", text)[-1]


@pytest.mark.parametrize("java_script_enabled", [True, False])
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_a_contact_is_added_verified_tested_and_ended_with_the_keyboard(
    ben: User,
    both: Provider,
    sit_down: SitDown,
    set_clock: SetClock,
    size: tuple[int, int],
    java_script_enabled: bool,
) -> None:
    width, height = size
    desk = sit_down(ben, java_script_enabled=java_script_enabled, viewport={"width": width, "height": height})
    page = desk.page
    page.get_by_role("link", name="Contacts", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="No contact yet")).to_be_visible()
    expect(page.get_by_label("Where?")).to_have_value(ben.email)
    press(page, "Add it and send a code")

    page.get_by_label("Code that was sent there").focus()
    page.keyboard.type(code_in(last_mail(both, 28.2)))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Works: answered")).to_be_visible()

    set_clock(28.4)
    press(page, "Send me a test")
    expect(page.get_by_text("was not answered yet")).to_be_visible()
    (link,) = re.findall(r"(/contacts/tests/\S+)", last_mail(both, 28.4))
    page.goto(link)
    press(page, "Yes, I got it there")
    expect(page.get_by_text("Thank you: this contact works.")).to_be_visible()

    page.locator("summary").filter(has_text="End it").focus()
    page.keyboard.press("Enter")
    press(page, "End this contact")
    expect(page.get_by_role("heading", name="Ended")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_pages_have_no_barrier(ben: User, team: CareTeam, both: Provider, sit_down: SitDown) -> None:
    """With everything that they can show at once."""
    desk = sit_down(ben)
    desk.page.goto("/contacts")
    desk.examine("contacts-none")
    long = "https://hooks.example.org/" + "a-very-long-path-" * 12
    clinic = team.clinic
    home = contacts.add_email(user=ben, clinic=clinic, address="ben@home.example", now=at(1))
    number = contacts.add_sms(user=ben, clinic=clinic, number="+447700900123", now=at(1))
    hook, _ = contacts.add_webhook(user=ben, clinic=clinic, url=long, now=at(1))
    gone = contacts.add_email(user=ben, clinic=clinic, address="ben@old.example", now=at(1))
    for contact in (home, hook, gone):
        contacts.verify(contact=contact, now=at(2))
    contacts.end(contact=gone, by=ben, now=at(3))
    Contact.objects.filter(pk=home.pk).update(answered_at=at(20))
    contacts.send_test(contact=hook, by=ben, now=at(28) - timedelta(hours=5))
    contacts.send_code(contact=number, by=ben, now=at(28.19))
    Letter.objects.filter(contact=hook).update(status="failed", last_error="http-410")
    desk.page.goto("/contacts")
    desk.examine("contacts")
    assert desk.page.evaluate(CUT_OFF) == 0

    desk.page.get_by_label("Where?").fill("ben")
    desk.page.get_by_role("button", name="Add it and send a code").click()
    desk.examine("contacts-refused")
    desk.page.goto(f"/contacts/tests/{Letter.objects.get(kind=contacts.TEST).uuid}")
    desk.examine("contact-test")


def test_a_wrong_code_is_named_beside_its_field(
    ben: User, team: CareTeam, both: Provider, sit_down: SitDown
) -> None:
    contact = contacts.add_email(user=ben, clinic=team.clinic, address="ben@home.example", now=at(1))
    contacts.send_code(contact=contact, by=ben, now=at(28.1))
    page = sit_down(ben).page
    page.goto("/contacts")
    page.get_by_label("Code that was sent there").fill("AAAA-AAAA")
    press(page, "Verify")

    field = page.get_by_label("Code that was sent there")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("alert")).to_contain_text("4 more tries")


def test_who_was_told_has_no_barrier(
    ana: DeviceToken, ben: User, dora: User, both: Provider, sit_down: SitDown
) -> None:
    clinic = ana.episode.clinic
    hook, _ = contacts.add_webhook(user=ben, clinic=clinic, url=both.web.url("/ben"), now=at(1))
    number = contacts.add_sms(user=ben, clinic=clinic, number="+447700900123", now=at(1))
    gone = contacts.add_sms(user=dora, clinic=clinic, number="+447700900456", now=at(1))
    for contact in (hook, number, gone):
        contacts.verify(contact=contact, now=at(2))
    report(ana, 28, bladder="new_or_worse")
    alert = Alert.objects.latest("tier")
    both.sms.answers["+447700900456"] = Answer(400)
    delivery.deliver_due(limit=9, road="watch", now=at(28.1), fresh=True)
    desk = sit_down(ben)
    desk.page.goto(f"/alerts/{alert.uuid}")

    expect(desk.page.get_by_role("heading", name="Who was told")).to_be_visible()
    expect(desk.page.get_by_text("Could not be sent (http-400)")).to_be_visible()
    expect(desk.page.get_by_text("not confirmed yet")).to_be_visible()
    desk.examine("alert-told")
