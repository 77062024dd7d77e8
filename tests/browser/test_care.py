"""What is done on a patient's page, in a real browser: with the keyboard alone, on a telephone, without JavaScript."""

import pytest
from playwright.sync_api import Page, expect

from recovery import alerts, devices, episodes, silence
from recovery.models import Alert, DeviceToken, EnrolmentCode, Episode, EpisodeEvent, Mute, User
from tests import factories
from tests.browser.conftest import SitDown
from tests.browser.desk import SIZES, press
from tests.dashboard.conftest import SetClock
from tests.dashboard.scenes import alert_of, report, take_on
from tests.factories import at

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SCIATICA = {"pain_where": ["down_one_leg"]}

CUT_OFF = """selector => [...document.querySelectorAll(selector)].filter(one =>
    one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== "visible"
    && !one.classList.contains("visually-hidden")).length"""
"""How many things on the page show less than they hold."""


def address(action: str = "") -> str:
    return f"/patients/{Episode.objects.get().uuid}{'/' if action else ''}{action}"


def act(page: Page, link: str) -> None:
    """From the patient's page, with the keyboard."""
    page.goto(address())
    page.get_by_role("complementary", name="Record or change").get_by_role("link", name=link).focus()
    page.keyboard.press("Enter")


def write(page: Page, label: str, words: str) -> None:
    page.get_by_label(label).focus()
    page.keyboard.type(words)


@pytest.fixture
def sciatica(ana: DeviceToken) -> Alert:
    report(ana, 27, **SCIATICA)
    return alert_of("NEURO-RADIATE")


@pytest.fixture
def long_story(ana: DeviceToken, ben: User, dora: User, set_clock: SetClock) -> None:
    """Six weeks with everything that a summary can hold."""
    report(ana, 20, pain_now=8, pain_controlled="yes")
    report(ana, 40, pain_now=6, bleeding="oozing")
    ooze = alert_of("BLEED-OOZE")
    take_on(ooze, ben, 40.2)
    alerts.record_contact(alert_id=ooze.uuid, by=ben, reached=True, by_what="phone", now=at(40.5))
    note = "Dressing changed at the surgery. Press ten minutes, then look again."
    alerts.close(alert_id=ooze.uuid, by=ben, outcome="seen", contacted=True, note=note, now=at(42))
    for alert in Alert.objects.filter(status="open"):
        alerts.close(
            alert_id=alert.uuid, by=dora, outcome="self-care", contacted=True, note="Advised.", now=at(43)
        )
    episodes.pause(episode_id=ana.episode.uuid, reason="In hospital with pneumonia.", by=dora, now=at(100))
    episodes.resume(episode_id=ana.episode.uuid, reason="Home again.", by=dora, now=at(160))
    for hours, pain in ((170, 4), (240, 3), (335, 2), (500, 3), (670, 1)):
        report(ana, hours, pain_now=pain, temp={"value": 36.5 + pain / 5, "unit": "C"})
    report(ana, 1000, pain_now=2, **SCIATICA)
    known = alert_of("NEURO-RADIATE")
    alerts.mute(alert_id=known.uuid, until=at(1500), reason="Sciatica since 2019.", by=dora, now=at(1001))
    report(ana, 1010, fall="yes")
    episodes.add_note(
        episode_id=ana.episode.uuid, note="Her son Tom calls at six, after work.", by=ben, now=at(1020)
    )
    silence.judge_due(limit=10, now=at(1030))
    set_clock(1030)


def test_the_pages_have_no_barrier(long_story: None, ana: DeviceToken, ben: User, sit_down: SitDown) -> None:
    factories.phone(ana.episode, now=at(900))
    gone, _ = factories.phone(ana.episode, now=at(5))
    devices.revoke(
        episode_id=ana.episode.uuid, device_id=gone.uuid, reason="Lost on the bus.", by=ben, now=at(50)
    )
    desk = sit_down(ben)

    for action in ("mute", "pause", "extend", "end", "summary", "phones", "reminders"):
        desk.page.goto(address(action))
        desk.examine(f"care-{action}")
    desk.page.goto(address())
    desk.examine("care-patient")


def test_the_pages_after_a_pause_and_after_the_end_have_no_barrier(
    long_story: None, ana: DeviceToken, ben: User, sit_down: SitDown
) -> None:
    desk = sit_down(ben)
    episodes.pause(episode_id=ana.episode.uuid, reason="On holiday.", by=ben, now=at(1025))
    desk.page.goto(address("pause"))
    desk.examine("care-resume")
    episodes.end(episode_id=ana.episode.uuid, reason="Well, and walks every day.", by=ben, now=at(1029))
    desk.page.goto(address("summary"))
    desk.examine("care-graduation")
    desk.page.goto(address("end"))
    desk.examine("care-ended")


def test_refused_forms_have_no_barrier(
    sciatica: Alert, ana: DeviceToken, ben: User, sit_down: SitDown
) -> None:
    desk = sit_down(ben)
    for action, button in (
        ("mute", "Mute this rule"),
        ("end", "End the recovery"),
        ("pause", "Pause the recovery"),
    ):
        desk.page.goto(address(action))
        desk.page.get_by_role("button", name=button).click()
        expect(desk.page.get_by_text("Nothing was saved yet.")).to_be_visible()
        desk.examine(f"care-{action}-refused")
    desk.page.goto(address("phones"))
    desk.page.get_by_text("Sign it out").click()
    desk.page.get_by_role("button", name="Sign this phone out").click()
    expect(desk.page.get_by_text("Nothing was saved yet.")).to_be_visible()
    desk.examine("care-phones-refused")


@pytest.mark.parametrize("size", SIZES)
def test_a_rule_is_muted_and_the_mute_ended_with_the_keyboard_alone(
    sciatica: Alert, ben: User, sit_down: SitDown, size: str
) -> None:
    page = sit_down(ben).page
    page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
    act(page, "Mute a rule until a date")
    page.get_by_role("radio", name="Pain").focus()
    page.keyboard.press("Space")
    page.get_by_label("Until the end of which day?").fill("2026-03-20")
    write(page, "Why?", "Known sciatica.")
    press(page, "Mute this rule")

    expect(page.get_by_text("The rule is muted.")).to_be_visible()
    assert Mute.objects.get().reason == "Known sciatica."
    press(page, "End this mute now")
    expect(page.get_by_text("The rule is no longer muted.")).to_be_visible()
    assert Mute.objects.get().ended_at == at(28.2)


@pytest.mark.parametrize("size", SIZES)
def test_paused_resumed_and_ended_with_the_keyboard_alone(
    sciatica: Alert, ben: User, sit_down: SitDown, size: str
) -> None:
    page = sit_down(ben).page
    page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
    act(page, "Pause the recovery")
    write(page, "Why?", "In hospital.")
    press(page, "Pause the recovery")
    expect(page.get_by_text("Paused since 14:12 today: In hospital.").first).to_be_visible()
    act(page, "Resume the recovery")
    write(page, "Why?", "Home again.")
    press(page, "Resume the recovery")
    expect(page.get_by_text("The recovery is resumed.")).to_be_visible()
    act(page, "End the recovery")
    write(page, "Why?", "Moved away.")
    page.get_by_role("checkbox", name="I know that 1 alert stays open").focus()
    page.keyboard.press("Space")
    press(page, "End the recovery")

    expect(page.get_by_role("heading", name="Graduation summary")).to_be_visible()
    assert Episode.objects.get().status == "ended"


@pytest.mark.parametrize("size", SIZES)
def test_a_note_and_a_phone_with_the_keyboard_alone(
    ana: DeviceToken, ben: User, sit_down: SitDown, size: str
) -> None:
    page = sit_down(ben).page
    page.set_viewport_size(dict(zip(("width", "height"), SIZES[size], strict=True)))
    page.goto(address())
    write(page, "What should the next colleague know?", "Her son calls at six.")
    press(page, "Save note")
    expect(page.get_by_text("The note is saved.")).to_be_visible()
    act(page, "Sheet with a new code for a phone")
    press(page, "Make a code and show the sheet")
    expect(page.get_by_role("heading", name="Call with any other worry")).to_be_visible()
    assert EnrolmentCode.objects.filter(redeemed_at=None).count() == 1
    act(page, "Phones that may report")
    expect(page.get_by_text("A code issued by Ben Okafor 14:12 today waits to be used")).to_be_visible()
    page.get_by_text("Sign it out").focus()
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    write(page, "Why?", "Lost on the bus.")
    press(page, "Sign this phone out")

    expect(page.get_by_text("It can report no more.")).to_be_visible()
    assert DeviceToken.objects.get().revoked_at == at(28.2)
    assert [event.what for event in EpisodeEvent.objects.order_by("id")] == [
        "note",
        "issued code",
        "signed out phone",
    ]


def test_a_half_written_note_is_there_when_the_page_is_loaded_again(
    ana: DeviceToken, ben: User, sit_down: SitDown
) -> None:
    page = sit_down(ben).page
    page.goto(address())
    write(page, "What should the next colleague know?", "Her son calls")
    page.wait_for_function("Object.keys(sessionStorage).some(name => name.startsWith('draft:'))")
    page.reload()

    expect(page.get_by_label("What should the next colleague know?")).to_have_value("Her son calls")
    expect(page.get_by_text("It is not saved yet.")).to_be_visible()
    press(page, "Save note")
    expect(page.get_by_text("The note is saved.")).to_be_visible()
    expect(page.get_by_label("What should the next colleague know?")).to_have_value("")


def test_it_all_works_without_javascript(
    sciatica: Alert, ana: DeviceToken, ben: User, sit_down: SitDown
) -> None:
    page = sit_down(ben, java_script_enabled=False).page
    page.goto(address())
    page.get_by_label("What should the next colleague know?").fill("Her son calls at six.")
    page.get_by_role("button", name="Save note").click()
    expect(page.get_by_text("The note is saved.")).to_be_visible()
    page.get_by_role("link", name="Mute a rule until a date").click()
    page.get_by_role("radio", name="Pain").check()
    page.get_by_label("Until the end of which day?").fill("2026-03-20")
    page.get_by_label("Why?").fill("Known sciatica.")
    page.get_by_role("button", name="Mute this rule").click()
    expect(page.get_by_text("The rule is muted.")).to_be_visible()
    page.goto(address("phones"))
    page.get_by_text("Sign it out").click()
    page.get_by_label("Why?").fill("Lost.")
    page.get_by_role("button", name="Sign this phone out").click()
    expect(page.get_by_text("It can report no more.")).to_be_visible()
    page.goto(address("pause"))
    page.get_by_label("Why?").fill("In hospital.")
    page.get_by_role("button", name="Pause the recovery").click()
    expect(page.get_by_text("The recovery is paused.")).to_be_visible()
    page.goto(address("end"))
    page.get_by_label("Why?").fill("Moved away.")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="End the recovery").click()

    expect(page.get_by_role("heading", name="Graduation summary")).to_be_visible()
    expect(page.get_by_role("button", name="Print")).to_be_hidden()


def test_the_summary_is_printed_without_controls_and_nothing_is_cut_off(
    long_story: None, ben: User, sit_down: SitDown
) -> None:
    desk = sit_down(ben)
    page = desk.page
    page.goto(address("summary"))
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    page.set_viewport_size({"width": 718, "height": 1000})  # A4 between its margins
    page.emulate_media(media="print", color_scheme="light")
    if desk._shots:
        page.screenshot(path=desk._shots / "care-summary-print.png", full_page=True)

    for control in (page.get_by_role("button", name="Print"), page.get_by_role("navigation", name="Main")):
        expect(control).to_be_hidden()
    expect(page.get_by_text("Read and signed:")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 718
    assert page.evaluate(CUT_OFF, ".summary *") == 0


@pytest.mark.parametrize("action", ["", "mute", "pause", "extend", "end", "summary", "phones"])
def test_text_twice_as_large_loses_nothing(
    long_story: None, ben: User, sit_down: SitDown, action: str
) -> None:
    page = sit_down(ben).page
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(address(action))
    page.evaluate("document.documentElement.style.setProperty('font-size', '200%')")

    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    assert page.evaluate(CUT_OFF, "main :is(p, a, button, label, h1, h2, dd)") == 0


def test_reminders_are_changed_with_the_keyboard_and_stand_on_the_page(
    ana: DeviceToken, sit_down: SitDown, ben: User
) -> None:
    desk = sit_down(ben)
    act(desk.page, "Change the reminders")
    desk.page.get_by_label("By e-mail").check()
    write(desk.page, "Mobile number or e-mail address", "ana@example.org")
    press(desk.page, "Change the reminders")

    expect(desk.page.get_by_text("The reminders are changed.")).to_be_visible()
    expect(desk.page.get_by_text("Reminders by e-mail at 10:00 to a...@example.org")).to_be_visible()
