"""One alert in a real browser: read, taken on, handed over, recorded, called noise and closed, with the keyboard alone,
without JavaScript and on a telephone; and nothing half-written is lost."""

import re

import pytest
from playwright.sync_api import Page, expect

from recovery import alerts
from recovery.models import Alert, DeviceToken, User
from tests.browser.conftest import SitDown
from tests.browser.desk import Desk, press
from tests.dashboard.scenes import page_of, report, take_on
from tests.factories import at

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HALF = "She says the bleeding has stopped, but"


@pytest.fixture
def alert(ana: DeviceToken, ben: User, dora: User) -> Alert:
    """The third of its rule: one was closed, one was noise."""
    for hours, noise in ((6, ""), (12, "nothing-to-do")):
        report(ana, hours, bleeding="oozing")
        alerts.close(
            alert_id=alert_of_now().uuid,
            by=dora,
            outcome="self-care",
            contacted=True,
            note="Pressed on it for ten minutes; it stopped.",
            noise=noise,
            now=at(hours + 1),
        )
    report(
        ana, 28, bleeding="oozing", free_text="It soaks the plaster\nwhen I get up.", bladder="new_or_worse"
    )
    return alert_of_now()


def alert_of_now(rule: str = "BLEED-OOZE") -> Alert:
    return Alert.objects.get(rule=rule, status__in=Alert.LIVE)


def open_alert(desk: Desk, alert: Alert) -> Page:
    desk.page.goto(page_of(alert))
    return desk.page


# --- no barrier ----------------------------------------------------------------------------------------------------


def test_the_page_has_no_barrier_in_any_state(alert: Alert, ben: User, dora: User, sit_down: SitDown) -> None:
    desk = sit_down(ben)
    page = open_alert(desk, alert)
    desk.examine("alert-open")

    alerts.ask(alert_id=alert.uuid, to=ben.uuid, by=dora, note="You know her.", now=at(28.1))
    take_on(alert, dora, 28.1)
    alerts.ask(alert_id=alert.uuid, to=ben.uuid, by=dora, note="I am in theatre until six.", now=at(28.15))
    page.reload()
    for folded in page.locator("details").all():
        folded.evaluate("details => { details.open = true; }")
    desk.examine("alert-asked")

    alerts.close(
        alert_id=alert.uuid,
        by=dora,
        outcome="seen",
        contacted=True,
        note="Seen.",
        noise="double",
        now=at(28.2),
    )
    expect(page.get_by_role("alert").get_by_text("Closed by Dora Klein")).to_be_visible(timeout=30_000)
    desk.examine("alert-news")
    page.reload()
    desk.examine("alert-ended")


def test_refused_forms_have_no_barrier(alert: Alert, ben: User, sit_down: SitDown) -> None:
    desk = sit_down(ben)
    page = open_alert(desk, alert)
    page.get_by_label("What you found and what was done").fill("Pressed on it.")
    page.get_by_role("button", name="Close alert").click()

    expect(page.get_by_text("Nothing was saved yet.")).to_be_visible()
    expect(page.get_by_label("What you found and what was done")).to_have_value("Pressed on it.")
    desk.examine("alert-refused")


def test_text_at_twice_its_size_loses_nothing(alert: Alert, ben: User, sit_down: SitDown) -> None:
    desk = sit_down(ben)
    page = open_alert(desk, alert)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.evaluate("document.documentElement.style.fontSize = '200%'")

    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 1280
    cut = page.evaluate(
        "[...document.querySelectorAll('main *')].filter(element =>"
        " getComputedStyle(element).overflow === 'hidden' && !element.matches('.visually-hidden, svg, svg *')"
        " && element.scrollWidth > element.clientWidth + 1).map(element => element.outerHTML.slice(0, 80))"
    )
    assert cut == []


# --- the work ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [390, 1280])
def test_from_taking_on_to_closing_with_the_keyboard_alone(
    alert: Alert, ben: User, sit_down: SitDown, width: int
) -> None:
    desk = sit_down(ben)
    desk.page.set_viewport_size({"width": width, "height": 844})
    page = open_alert(desk, alert)

    press(page, "Take on", exact=True)
    expect(page.get_by_text("You have this since")).to_be_visible()
    contact = page.get_by_role("form", name="Contact with the patient")
    contact.get_by_role("radio", name="Yes").focus()
    page.keyboard.press("Space")
    contact.get_by_label("What was said").focus()
    page.keyboard.type("She presses on it.")
    contact.get_by_role("checkbox", name="New bladder trouble").focus()
    page.keyboard.press("Space")
    press(page, "Record contact", exact=True)
    expect(page.get_by_text("The contact is recorded.")).to_be_visible()
    closing = page.get_by_role("form", name="Close this alert")
    for choice in ("Advice for self-care", "Yes"):
        closing.get_by_role("radio", name=choice).focus()
        page.keyboard.press("Space")
    closing.get_by_label("What you found and what was done").focus()
    page.keyboard.type("It has stopped.")
    press(page, "Close alert", exact=True)

    expect(page.get_by_text("The alert is closed.")).to_be_visible()
    expect(page).to_have_url(re.compile("/$"))
    assert kept(page) == {}
    alert.refresh_from_db()
    assert (alert.status, alert.owner, alert.outcome, alert.noise) == ("closed", ben, "self-care", "")
    assert alert_of_now("BLADDER").contacted_at is not None


def test_handed_over_and_taken_over_with_the_keyboard_alone(
    alert: Alert, ben: User, dora: User, sit_down: SitDown
) -> None:
    take_on(alert, ben, 28.1)
    bens, doras = sit_down(ben), sit_down(dora)
    page = open_alert(bens, alert)
    page.get_by_text("Hand it over to a colleague").focus()
    page.keyboard.press("Enter")
    handing = page.get_by_role("form", name="Hand over")
    handing.get_by_label("Which colleague?").focus()
    page.keyboard.type("Dora")
    handing.get_by_label("What they should know").focus()
    page.keyboard.type("Ring her son.")
    press(page, "Hand over", exact=True)
    expect(page.get_by_text("Until they take it, it stays where it is.")).to_be_visible()
    expect(page.get_by_text("You have this")).to_be_visible()

    theirs = open_alert(doras, alert)
    expect(theirs.get_by_text("“Ring her son.”")).to_be_visible()
    theirs.locator("#take-over").focus()
    theirs.keyboard.press("Enter")

    expect(theirs.get_by_text("You have this since")).to_be_visible()
    expect(page.locator("#state")).to_contain_text("Dora Klein took this over at", timeout=30_000)


def test_all_of_it_works_without_javascript(alert: Alert, ben: User, dora: User, sit_down: SitDown) -> None:
    take_on(alert, ben, 28.1)
    desk = sit_down(dora, java_script_enabled=False)
    page = open_alert(desk, alert)

    contact = page.get_by_role("form", name="Contact with the patient")
    contact.get_by_role("radio", name="No").check()
    contact.get_by_label("Time (if not now)").fill("14:06")
    page.get_by_role("button", name="Record contact").click()
    expect(page.get_by_text("patient not reached, by phone, 14:06 today")).to_be_visible()
    page.get_by_role("button", name="Take over from Ben Okafor").click()
    expect(page.get_by_text("You have this since")).to_be_visible()
    page.locator("summary", has_text="This was noise").click()
    page.get_by_role("radio", name="Known and expected").check()
    page.get_by_role("button", name="Call it noise").click()
    expect(page.get_by_text("This counts as noise: known and expected")).to_be_visible()
    page.get_by_role("button", name="It was no noise").click()
    expect(page.get_by_text("The alert counts as noise no longer.")).to_be_visible()
    page.get_by_label("What should the next colleague know?").fill("Rings back at six.")
    page.get_by_role("button", name="Save note").click()
    expect(page.locator(".event-note", has_text="Rings back at six.")).to_be_visible()


# --- half-written --------------------------------------------------------------------------------------------------


def write_half(page: Page) -> None:
    """And wait until it is kept."""
    page.get_by_label("What should the next colleague know?").press_sequentially(HALF)
    page.wait_for_function("Object.keys(sessionStorage).some(name => name.endsWith('/note'))")


def kept(page: Page) -> dict[str, str]:
    """Drafts in this browser, as they are stored."""
    stored: dict[str, str] = page.evaluate("({...sessionStorage, ...localStorage})")
    return {name: value for name, value in stored.items() if name.startswith("draft:")}


def test_a_half_written_note_outlives_loading_again_and_is_sealed(
    alert: Alert, ben: User, sit_down: SitDown
) -> None:
    page = open_alert(sit_down(ben), alert)
    write_half(page)
    assert "bleeding" not in str(kept(page))
    page.reload()

    expect(page.get_by_label("What should the next colleague know?")).to_have_value(HALF)
    expect(page.get_by_text("It is not saved yet.")).to_be_visible()
    page.get_by_role("button", name="Save note").click()
    expect(page.locator(".event-note", has_text=HALF)).to_be_visible()
    assert kept(page) == {}


def test_it_outlives_a_network_that_drops(alert: Alert, ben: User, sit_down: SitDown) -> None:
    page = open_alert(sit_down(ben), alert)
    write_half(page)
    page.route("**/note", lambda route: route.abort())
    page.get_by_role("button", name="Save note").click()
    page.unroute("**/note")
    page.goto(page_of(alert))

    expect(page.get_by_label("What should the next colleague know?")).to_have_value(HALF)


def test_it_outlives_the_end_of_the_session(alert: Alert, ben: User, sit_down: SitDown) -> None:
    """The page asks for news by itself, learns that nobody is signed in, and goes to the sign-in and back."""
    desk = sit_down(ben)
    page = open_alert(desk, alert)
    write_half(page)
    page.context.clear_cookies(name="sessionid")
    page.wait_for_url("**/accounts/login/**", timeout=30_000)
    desk.give_both_factors()
    page.wait_for_url(f"**{page_of(alert)}")

    expect(page.get_by_label("What should the next colleague know?")).to_have_value(HALF)


def test_what_was_typed_for_an_alert_that_a_colleague_closed_meanwhile_becomes_a_note(
    alert: Alert, ben: User, dora: User, sit_down: SitDown
) -> None:
    page = open_alert(sit_down(ben), alert)
    page.get_by_label("What was said").press_sequentially(HALF)
    page.wait_for_function("Object.keys(sessionStorage).some(name => name.endsWith('/contact'))")
    alerts.close(alert_id=alert.uuid, by=dora, outcome="seen", contacted=True, note="Seen.", now=at(28.1))

    expect(page.locator("#state")).to_contain_text("Closed by Dora Klein", timeout=30_000)
    expect(page.get_by_label("What was said")).to_have_value(HALF)
    page.get_by_role("alert").get_by_role("link", name="Load the page again").click()
    expect(page.get_by_label("What should the next colleague know?")).to_have_value(HALF)
    page.get_by_role("button", name="Save note").click()
    expect(page.locator(".event-note", has_text=HALF)).to_be_visible()
    expect(page.get_by_label("What should the next colleague know?")).to_have_value("")
    assert kept(page) == {}


def test_without_a_secure_connection_nothing_is_kept_and_the_news_says_so(
    alert: Alert, ben: User, dora: User, sit_down: SitDown
) -> None:
    secure, plain = sit_down(ben), sit_down(ben)
    plain.page.add_init_script("delete Crypto.prototype.subtle")  # as browsers have it on plain http
    pages = [open_alert(desk, alert) for desk in (secure, plain)]
    alerts.close(alert_id=alert.uuid, by=dora, outcome="seen", contacted=True, note="Seen.", now=at(28.1))
    for page in pages:
        page.get_by_label("What should the next colleague know?").press_sequentially(HALF)
    news = [page.locator("#state").get_by_role("alert") for page in pages]

    for said, words in zip(
        news, ("again; what you are writing stays.", "again, but copy first"), strict=True
    ):
        expect(said).to_contain_text(words, use_inner_text=True, timeout=30_000)
    expect(news[1]).not_to_contain_text("stays", use_inner_text=True)
    assert kept(pages[1]) == {}


def test_who_signs_in_at_the_same_computer_finds_nothing_of_it(
    alert: Alert, ben: User, dora: User, sit_down: SitDown
) -> None:
    desk = sit_down(ben)
    page = open_alert(desk, alert)
    write_half(page)
    page.context.clear_cookies(name="sessionid")
    Desk(page, dora, None).sign_in()
    page.goto(page_of(alert))

    expect(page.get_by_label("What should the next colleague know?")).to_have_value("")
    assert "bleeding" not in str(kept(page))
    page.get_by_label("What should the next colleague know?").press_sequentially("Mine.")
    page.wait_for_function("Object.keys(sessionStorage).filter(name => name.endsWith('/note')).length === 2")
    page.goto("/patients")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/**")
    assert kept(page) == {}


def test_it_can_be_thrown_away(alert: Alert, ben: User, sit_down: SitDown) -> None:
    page = open_alert(sit_down(ben), alert)
    write_half(page)
    page.reload()
    page.get_by_role("button", name="Throw it away").click()

    expect(page.get_by_label("What should the next colleague know?")).to_have_value("")
    assert kept(page) == {}


def test_without_javascript_words_sent_too_late_come_back(alert: Alert, ben: User, sit_down: SitDown) -> None:
    desk = sit_down(ben, java_script_enabled=False)
    page = open_alert(desk, alert)
    page.get_by_label("What should the next colleague know?").fill(HALF)
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Save note").click()
    expect(page.get_by_label("What you typed")).to_have_value(HALF)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in").click()
    beside = opened.value
    Desk(beside, ben, None).give_both_factors()
    beside.wait_for_url(f"**{page_of(alert)}")

    page.get_by_role("button", name="Send it again").click()
    page.get_by_role("button", name="Send it again").click()

    expect(page.locator(".event-note", has_text=HALF)).to_be_visible()


def test_the_page_that_brings_words_back_has_no_barrier(alert: Alert, ben: User, sit_down: SitDown) -> None:
    desk = sit_down(ben)
    page = open_alert(desk, alert)
    page.get_by_label("What should the next colleague know?").fill(HALF)
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Save note").click()

    expect(page.get_by_label("What you typed")).to_have_value(HALF)
    desk.examine("alert-unsent")
