"""The board and an alert as a nurse uses them, in a browser."""

import re

import pytest
from playwright.sync_api import expect

from recovery.models import Alert, DeviceToken, User
from tests.browser.conftest import SitDown
from tests.browser.desk import Desk
from tests.dashboard.conftest import SetClock
from tests.dashboard.scenes import alert_of, page_of, report, take_on

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_sign_in_and_out(ben: User, sit_down: SitDown) -> None:
    page = sit_down(ben).page

    expect(page.get_by_role("heading", name="No open alerts")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()

    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_an_alert_appears_by_itself_and_is_said_once(ana: DeviceToken, ben: User, sit_down: SitDown) -> None:
    page = sit_down(ben).page
    announcer = page.locator("[data-announcer]")

    report(ana, 28, cannot_move="yes", mobility="with_help")

    expect(page.get_by_role("heading", name="1 alert waits for somebody to take on")).to_be_visible(
        timeout=30_000
    )
    expect(announcer).to_have_text("New alert, emergency: Ana Whitfield. Cannot move a body part.")
    expect(page).to_have_title("(1) Board")
    page.evaluate("document.querySelector('[data-announcer]').textContent = ''")
    report(ana, 28.1, bleeding="oozing")
    expect(announcer).to_have_text(
        "New alert, same day: Ana Whitfield. Bleeding that keeps coming.", timeout=30_000
    )


def test_while_nothing_changes_nothing_is_loaded(ana: DeviceToken, ben: User, sit_down: SitDown) -> None:
    report(ana, 28, bleeding="oozing")
    page = sit_down(ben).page

    with page.expect_response("**/board/list", timeout=30_000) as first:
        pass
    with page.expect_response("**/board/list", timeout=30_000) as second:
        pass

    assert (first.value.status, second.value.status) == (304, 304)


def test_taking_on_with_the_keyboard_alone(
    ana: DeviceToken, ben: User, sit_down: SitDown, set_clock: SetClock
) -> None:
    report(ana, 28, cannot_move="yes", mobility="with_help")
    page = sit_down(ben).page
    page.goto("/")
    button = page.get_by_role("button", name="Take on for Ana Whitfield: Cannot move a body part")

    for _ in range(40):
        page.keyboard.press("Tab")
        if button.evaluate("button => button === document.activeElement"):
            break
    with page.expect_response("**/board/list", timeout=30_000):
        set_clock(28.25)  # a refresh in between moves the focus nowhere
    expect(page.locator("[data-as-of]")).to_have_text("14:15:00", timeout=30_000)
    expect(button).to_be_focused()
    page.keyboard.press("Enter")

    call = page.get_by_role("link", name="Call 07700 900123 (Ana Whitfield)")
    expect(call).to_be_focused()
    expect(page.get_by_text("since 14:15 today")).to_be_visible()
    assert Alert.objects.get().owner == ben


def test_the_second_nurse_is_told_who_was_first(
    ana: DeviceToken, ben: User, dora: User, sit_down: SitDown
) -> None:
    report(ana, 28, cannot_move="yes", mobility="with_help")
    desk = sit_down(dora)
    page = desk.page
    page.route("**/board/list", lambda route: route.abort())  # her list is a moment old
    take_on(alert_of("NEURO-MOVE"), ben, 28.1)

    page.get_by_role("button", name="Take on").click()

    expect(page.locator("#notice")).to_contain_text("Ben Okafor took this on at 14:06 on 3 March.")
    expect(page.get_by_text("Ben Okafor has it")).to_be_visible()
    page.get_by_role("button", name="Dismiss").click()
    expect(page.locator("#notice")).to_be_empty()
    forgive_lost_network(desk)


def test_an_open_page_says_who_took_it_on_and_keeps_what_is_typed(
    ana: DeviceToken, ben: User, dora: User, sit_down: SitDown
) -> None:
    report(ana, 28, bleeding="oozing")
    alert = alert_of("BLEED-OOZE")
    page = sit_down(dora).page
    page.goto(page_of(alert))
    page.get_by_label("What you found and what was done").fill("Pressed on it.")

    take_on(alert, ben, 28.1)

    news = page.get_by_role("alert").filter(has_text="Ben Okafor took this on at 14:06 today.")
    expect(news).to_be_visible(timeout=30_000)
    expect(page.get_by_label("What you found and what was done")).to_have_value("Pressed on it.")
    page.get_by_label("Seen by a clinician").check()
    page.get_by_role("group", name="Was the patient reached?").get_by_label("Yes").check()
    page.get_by_role("button", name="Close alert").click()
    expect(page.get_by_role("alert").filter(has_text="Nothing was saved.")).to_be_visible()
    expect(page.get_by_label("What you found and what was done")).to_have_value("Pressed on it.")


def test_closing_with_an_outcome(ana: DeviceToken, ben: User, sit_down: SitDown) -> None:
    report(ana, 28, bleeding="oozing")
    page = sit_down(ben).page
    page.goto("/")

    page.get_by_role("link", name="Bleeding that keeps coming", exact=True).click()
    page.get_by_role("button", name="Take on", exact=True).click()
    expect(page.get_by_text("You have this since 14:12 today")).to_be_visible()
    close = page.get_by_role("form", name="Close this alert")
    close.get_by_role("button", name="Close alert").click()
    expect(page.get_by_role("alert").filter(has_text="Nothing was saved yet.")).to_be_visible()
    page.get_by_label("Seen by a clinician").check()
    close.get_by_role("group", name="Was the patient reached?").get_by_label("Yes").check()
    close.get_by_label("What you found and what was done").fill("Pressed on it, stopped.")
    close.get_by_role("button", name="Close alert").click()

    expect(page.get_by_role("heading", name="No open alerts")).to_be_visible()
    assert Alert.objects.get().outcome == "seen"


def test_a_press_that_reached_nobody_is_said(ana: DeviceToken, ben: User, sit_down: SitDown) -> None:
    report(ana, 28, cannot_move="yes", mobility="with_help")
    desk = sit_down(ben)
    desk.page.goto("/")
    desk.page.route("**/acknowledge", lambda route: route.abort())

    desk.page.get_by_role("button", name="Take on").click()

    expect(desk.page.locator("#notice")).to_contain_text("This was not saved")
    assert Alert.objects.get().status == "open"
    forgive_lost_network(desk)


def test_without_javascript_everything_can_be_done(ana: DeviceToken, ben: User, sit_down: SitDown) -> None:
    report(ana, 28, bleeding="oozing")
    page = sit_down(ben, java_script_enabled=False).page
    page.goto("/")

    page.get_by_role("button", name="Take on").click()
    expect(page.get_by_text("You have taken this on. Now phone the patient.")).to_be_visible()
    page.get_by_role("link", name="Bleeding that keeps coming", exact=True).click()
    page.get_by_label("What should the next colleague know?").fill("She is alone.")
    page.get_by_role("button", name="Save note").click()

    expect(page.get_by_text("Note by Ben Okafor")).to_be_visible()


def test_rows_that_have_just_moved_cannot_be_hit(ana: DeviceToken, ben: User, sit_down: SitDown) -> None:
    report(ana, 28, wants_call="yes")
    page = sit_down(ben).page
    page.goto("/")
    live = page.locator("[data-live]")
    page.evaluate(
        """() => {
            const live = document.querySelector("[data-live]");
            const shielded = (done) => () => live.classList.contains("just-moved") && done(true);
            window.shielded = new Promise((done) => {
                new MutationObserver(shielded(done)).observe(live, { attributes: true });
            });
        }"""
    )

    report(ana, 28.1, cannot_move="yes", mobility="with_help")
    page.evaluate("htmx.trigger(document.querySelector('[data-live]'), 'refresh')")

    assert page.evaluate("window.shielded")
    expect(live).not_to_have_class(re.compile("just-moved"))


def forgive_lost_network(desk: Desk) -> None:
    """The test took the network away; that the browser logs it is no fault of the page."""
    lost = ("ERR_FAILED", "htmx:sendError", "htmx:afterRequest")
    desk.complaints = [words for words in desk.complaints if not any(known in words for known in lost)]
