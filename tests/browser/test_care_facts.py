"""A check-in by telephone and corrections of the record, in a browser: by the keyboard alone, and without a script."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from recovery import assessments, corrections
from recovery.models import CheckIn, DeviceToken, Episode, User
from tests.browser.conftest import SitDown
from tests.browser.test_patient import page_of, step_to
from tests.dashboard.scenes import flag_all, report
from tests.factories import at

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def fill(page: Page, group: str, choice: str, role: Any = "radio") -> Locator:
    """Choose an answer with the keyboard."""
    one = page.get_by_role("group", name=group).get_by_role(role, name=choice, exact=True)
    one.focus()
    page.keyboard.press("Space")
    return one


def open_page(page: Page, device: DeviceToken, act: str) -> None:
    page.goto(f"{page_of(device)}/{act}")


def test_a_check_in_is_taken_by_telephone_with_the_keyboard_alone(
    ana: DeviceToken, ben: User, sit_down: SitDown
) -> None:
    desk = sit_down(ben)
    page = desk.page
    page.goto(page_of(ana))
    step_to(page, page.get_by_role("link", name="Record or change something"))
    page.keyboard.press("Enter")
    step_to(page, page.get_by_role("link", name="Record a check-in taken by telephone"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Before you ask")).to_be_visible()

    fill(page, "How bad is your back pain", "3")
    fill(page, "Is the needle spot bleeding", "Oozing (It keeps coming)")
    for box in page.get_by_role("checkbox", name="No to all that is left open above").all():
        box.focus()
        page.keyboard.press("Space")
    fill(page, "Did you go through all", "No: it is half-finished")
    desk.examine("care-checkin-filled")
    page.get_by_role("button", name="Judge and save", exact=True).focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Read this to the patient")).to_be_visible()
    expect(page.get_by_text("Call your care team now on 020 7946 0101.")).to_be_visible()
    desk.examine("care-checkin-owed")
    flag_all(28.2)
    page.get_by_role("link", name="Load the page again").click()
    expect(page.get_by_role("link", name="Bleeding that keeps coming")).to_be_visible()
    desk.examine("care-checkin-told")


def test_without_a_script_every_form_works(ana: DeviceToken, ben: User, sit_down: SitDown) -> None:
    page = sit_down(ben, java_script_enabled=False).page

    open_page(page, ana, "check-in")
    page.get_by_role("group", name="How bad is your back pain").get_by_label("3", exact=True).check()
    page.get_by_role("group", name="Did you go through all").get_by_label("No: it is half-finished").check()
    page.get_by_role("button", name="Judge and save", exact=True).click()
    expect(page.get_by_role("heading", name="Read this to the patient")).to_be_visible()
    for act, label, button in (
        ("baseline", "Present", "Correct the baseline"),
        ("risk-factors", "Takes steroids", "Correct the risk factors"),
        ("procedure", "Only the day is known", "Change the procedure time"),
    ):
        open_page(page, ana, act)
        if act == "baseline":
            page.get_by_role("group", name="Is it hard to pee").get_by_label("Yes").check()
        else:
            page.get_by_label(re.compile(label)).check()
        if act == "procedure":
            page.get_by_label("Time when it ended").fill("")
        page.get_by_label("Why?").fill("Read in the letter.")
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("heading", name="Ana Whitfield", exact=True)).to_be_visible()

    episode = Episode.objects.get()
    assert episode.baseline["bladder"] == "present"
    assert ("steroids" in episode.risk_factors, episode.time_estimated) == (True, True)
    assert CheckIn.objects.get().answers == {"pain_now": 3}


def test_an_emergency_leads_out_of_the_form_at_once(ana: DeviceToken, ben: User, sit_down: SitDown) -> None:
    desk = sit_down(ben)
    page = desk.page
    open_page(page, ana, "check-in")
    way_out = page.get_by_role("button", name="Judge and save now")
    expect(way_out).to_be_hidden()

    fill(page, "Do you have pain or tightness in your chest", "Yes")
    expect(way_out).to_be_in_viewport()
    desk.examine("care-checkin-emergency")
    step_to(page, way_out)
    page.keyboard.press("Enter")

    expect(page.get_by_text("Call 999 now", exact=False).first).to_be_visible()
    flag_all(28.2)
    page.reload()
    expect(page.get_by_role("link", name="Chest pain")).to_be_visible()
    desk.examine("care-checkin-emergency-told")


def test_a_question_that_follows_shows_itself_when_it_arises(
    ana: DeviceToken, ben: User, sit_down: SitDown
) -> None:
    page = sit_down(ben).page
    open_page(page, ana, "check-in")
    where = page.get_by_role("group", name="Where are you weak?")
    expect(where).to_be_hidden()

    fill(page, "Do you have weakness", "New or worse")
    expect(where).to_be_visible()
    fill(page, "Do you have weakness", "No")
    expect(where).to_be_hidden()


def test_a_form_that_is_refused_has_no_barrier_and_leads_to_what_is_wrong(
    ana: DeviceToken, ben: User, sit_down: SitDown
) -> None:
    desk = sit_down(ben)
    page = desk.page
    open_page(page, ana, "check-in")
    page.get_by_label("Time when it was felt").fill("23:00")
    page.get_by_role("button", name="Judge and save", exact=True).click()
    expect(page.get_by_text("Nothing was saved yet.")).to_be_visible()
    desk.examine("care-checkin-refused")

    page.get_by_role("link", name="Time when it was felt").click()
    expect(page.get_by_label("Time when it was felt")).to_be_focused()


def test_the_record_is_put_right_with_the_keyboard_alone(
    ana: DeviceToken, ben: User, sit_down: SitDown
) -> None:
    report(ana, 20)
    page = sit_down(ben).page
    open_page(page, ana, "procedure")

    step_to(page, page.get_by_label("Day of the procedure"))
    page.get_by_label("Day of the procedure").fill("2026-03-01")
    step_to(page, page.get_by_label("Why?"))
    page.keyboard.type("Read in the operation note.")
    step_to(page, page.get_by_role("button", name="Change the procedure time"))
    page.keyboard.press("Enter")
    sure = page.get_by_label(re.compile(r"Yes, it was 24\shours earlier"))
    step_to(page, sure)
    page.keyboard.press("Space")
    step_to(page, page.get_by_role("button", name="Change the procedure time"))
    page.keyboard.press("Enter")

    expect(page.get_by_text("The procedure time is changed, and with it every hour")).to_be_visible()
    assert Episode.objects.get().procedure_at == at(-24)
    assessments.rejudge_owed(limit=10, now=at(28.2))
    assert CheckIn.objects.get().assessments.get(is_current=True).hours == 44


def test_pages_of_corrections_have_no_barrier(
    ana: DeviceToken, ben: User, dora: User, sit_down: SitDown
) -> None:
    """As they are opened, sent without a reason, and sent when a colleague was first."""
    desk = sit_down(ben)
    page = desk.page
    for act, button in (
        ("baseline", "Correct the baseline"),
        ("risk-factors", "Correct the risk factors"),
        ("procedure", "Change the procedure time"),
    ):
        open_page(page, ana, act)
        desk.examine(f"care-{act}")
        if act == "procedure":
            page.get_by_label("Day of the procedure").fill("2026-02-27")
        page.get_by_role("button", name=button).click()
        expect(page.get_by_text("Nothing was saved yet.")).to_be_visible()
        desk.examine(f"care-{act}-refused")
    open_page(page, ana, "risk-factors")
    corrections.correct_risk_factors(
        episode_id=Episode.objects.get().uuid,
        risk_factors=["tumour"],
        blood_thinner_restart_h=None,
        reason="Read in the letter.",
        by=dora,
        now=at(28.1),
    )
    page.get_by_label(re.compile("Lives alone")).check()
    page.get_by_label("Why?").fill("She told me.")
    page.get_by_role("button", name="Correct the risk factors").click()
    expect(page.get_by_text("Dora Klein corrected the risk factors at 14:06")).to_be_visible()
    expect(page.get_by_label(re.compile("Lives alone"))).to_be_checked()
    desk.examine("care-risk-factors-second")


def test_letters_twice_as_large_lose_nothing(ana: DeviceToken, ben: User, sit_down: SitDown) -> None:
    page = sit_down(ben).page
    for act in ("check-in", "baseline", "risk-factors", "procedure"):
        open_page(page, ana, act)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (act, width)
