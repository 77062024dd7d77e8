"""Enrolling in a real browser: a patient with the keyboard alone, a list without JavaScript, and the sheet on paper."""

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from recovery import enrolment
from recovery.models import CareTeam, DeviceToken, Episode, User
from tests import factories
from tests.browser.conftest import SitDown
from tests.dashboard.conftest import SetClock
from tests.dashboard.test_enrol_list import ROW, many, table

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def fill_in(page: "Page") -> None:
    """What has to be said, and nothing more."""
    page.get_by_label("Name", exact=True).fill("Rosa Lind")
    page.get_by_label("Hospital number").fill("K7001")
    page.get_by_label("Date of birth").fill("1948-07-30")
    page.get_by_label("Patient's telephone").fill("020 7946 0155")
    page.get_by_role("radio", name="Kyphoplasty").check()
    page.get_by_label("Time when it ended").fill("09:40")
    page.get_by_role("checkbox", name="Osteoporosis").check()
    page.get_by_role("group", name="How bad is your back pain").get_by_role(
        "radio", name="8", exact=True
    ).check()
    page.get_by_label("The patient agreed").check()


def keys_of(page: "Page", what: str) -> str:
    """What is typed for 30 July 1948, or for 09:40, into a field that asks as this browser's country does."""
    parts = page.evaluate(
        "new Intl.DateTimeFormat(navigator.language, {dateStyle: 'short', timeStyle: 'short'})"
        ".formatToParts().map(part => part.type)"
    )
    if what == "time":
        return "0940AM" if "dayPeriod" in parts else "0940"
    written = {"day": "30", "month": "07", "year": "1948"}
    return "".join(written[part] for part in parts if part in written)


def choose(page: "Page", content: str) -> None:
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "list.csv", "mimeType": "text/csv", "buffer": content.encode()}
    )
    page.get_by_role("button", name="Look at it").click()


def test_enrolled_and_printed_with_the_keyboard_alone(team: CareTeam, ben: User, sit_down: SitDown) -> None:
    page = sit_down(ben).page
    page.goto("/")
    page.get_by_role("link", name="Enrol", exact=True).press("Enter")
    page.wait_for_url("/enrol")
    pressed = 0

    def go_to(words: str) -> None:
        """With the tab key alone."""
        nonlocal pressed
        for _ in range(60):
            page.keyboard.press("Tab")
            pressed += 1
            if page.evaluate(
                "words => [...(document.activeElement.labels ?? [])].some(each => each.innerText.includes(words))"
                " || document.activeElement.innerText?.includes(words)",
                words,
            ):
                return
        raise AssertionError(f"the tab key never came to {words}")

    for label, keys in (
        ("Name", "Rosa Lind"),
        ("Hospital number", "K7001"),
        ("Date of birth", keys_of(page, "day")),
        ("Patient's telephone", "020 7946 0155"),
        ("Vertebroplasty", " "),
        ("Time when it ended", keys_of(page, "time")),
        ("Osteoporosis", " "),
    ):
        go_to(label)
        page.keyboard.type(keys)
    go_to("Nobody asked before the procedure")
    page.keyboard.press("Space")
    go_to("The patient agreed")
    page.keyboard.press("Space")
    go_to("Enrol the patient")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Rosa Lind is enrolled.")).to_be_visible()
    page.get_by_role("button", name="Make a code and show the sheet").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Tell us how you are")).to_be_visible()
    episode = Episode.objects.get()
    assert (episode.patient.name, episode.procedure, episode.baseline) == (
        "Rosa Lind",
        "vertebroplasty",
        None,
    )
    assert pressed < 120


@pytest.mark.parametrize("width", [390, 1280])
def test_enrolled_without_javascript(team: CareTeam, ben: User, sit_down: SitDown, width: int) -> None:
    page = sit_down(ben, java_script_enabled=False, viewport={"width": width, "height": 844}).page
    page.goto("/enrol")
    fill_in(page)
    page.get_by_role("button", name="Enrol the patient").click()

    expect(page.get_by_text("Rosa Lind is enrolled.")).to_be_visible()
    page.get_by_role("button", name="Make a code and show the sheet").click()
    expect(page.locator(".paper-code")).to_have_text(re.compile(r"^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$"))
    assert Episode.objects.get().baseline == {"pain_now": 8}


def test_what_was_typed_stays_and_the_way_to_each_mistake_is_short(
    team: CareTeam, ben: User, sit_down: SitDown
) -> None:
    desk = sit_down(ben)
    page = desk.page
    page.goto("/enrol")
    fill_in(page)
    page.get_by_label("Hospital number").fill("1.2E+05")
    page.get_by_label("Time when it ended").fill("")
    page.get_by_role("button", name="Enrol the patient").click()

    expect(page.get_by_text("Nothing was saved yet.")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Rosa Lind")
    expect(page.get_by_label("Hospital number")).to_have_value("1.2E+05")
    expect(page.get_by_role("checkbox", name="Osteoporosis")).to_be_checked()
    expect(page.get_by_label("The patient agreed")).to_be_checked()
    desk.examine("enrol-wrong")
    page.get_by_role("alert").get_by_role("link", name="Hospital number").click()
    page.keyboard.press("Tab")
    page.get_by_label("Hospital number").fill("K7001")
    page.get_by_label("Time when it ended").fill("09:40")
    page.get_by_role("button", name="Enrol the patient").click()
    expect(page.get_by_text("Rosa Lind is enrolled.")).to_be_visible()


def test_a_double_enrolment_is_said_with_the_way_to_the_first(
    team: CareTeam, ben: User, dora: User, sit_down: SitDown
) -> None:
    desk = sit_down(ben)
    page = desk.page
    page.goto("/enrol")
    fill_in(page)
    first = factories.episode(
        team,
        patient=enrolment.NewPatient(name="Rosa Lind", born_on=date(1948, 7, 30), hospital_number="K7001"),
        by=dora,
    )
    page.get_by_role("button", name="Enrol the patient").click()

    expect(page.get_by_role("alert").get_by_text("by Dora Klein")).to_be_visible()
    expect(page.get_by_label("Patient's telephone")).to_have_value("020 7946 0155")
    desk.examine("enrol-double")
    page.get_by_role("link", name="Open the running recovery").click()
    page.wait_for_url(f"/patients/{first.uuid}")


def test_the_pages_have_no_barrier(
    team: CareTeam, ana: DeviceToken, ben: User, sit_down: SitDown, set_clock: SetClock
) -> None:
    waits = factories.episode(team, name="Bo Ferreira-Lindqvist", levels=[], baseline={"pain_now": 7})
    factories.episode(team, name="Cy Adebayo")
    enrolment.issue_code(episode=waits, now=factories.at(28))
    desk = sit_down(ben)
    page = desk.page
    for address, name in (
        ("/enrol", "enrol"),
        ("/enrol/waiting", "enrol-waiting"),
        ("/enrol/list", "enrol-list"),
        (f"/patients/{waits.uuid}/sheet", "enrol-ready"),
    ):
        page.goto(address)
        desk.examine(name)
    page.get_by_role("button", name="Make a code and show the sheet").click()
    desk.examine("enrol-sheet")
    page.goto("/enrol/list")
    choose(page, table(*many(3), ROW | {"name": "", "phone": "x", "hospital_number": "K9"}))
    expect(page.get_by_role("heading", name="1 line to put right")).to_be_visible()
    desk.examine("enrol-list-wrong")
    page.goto("/enrol/list")
    choose(page, table(*many(3)))
    desk.examine("enrol-list-right")


@pytest.mark.parametrize("width", [390, 1280])
def test_a_list_is_taken_without_javascript(team: CareTeam, ben: User, sit_down: SitDown, width: int) -> None:
    page = sit_down(ben, java_script_enabled=False, viewport={"width": width, "height": 844}).page
    page.goto("/enrol/list")
    choose(page, table(*many(3)))
    expect(page.get_by_role("heading", name="3 patients to enrol")).to_be_visible()
    page.get_by_role("button", name="Enrol these patients").click()

    expect(page.get_by_text("3 patients are enrolled.")).to_be_visible()
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(3)
    page.get_by_role("button", name="Make codes and show the sheets").click()
    expect(page.locator(".paper")).to_have_count(3)


def test_a_list_is_taken_with_the_keyboard_alone(team: CareTeam, ben: User, sit_down: SitDown) -> None:
    page = sit_down(ben).page
    page.goto("/enrol/list")
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "list.csv", "mimeType": "text/csv", "buffer": table(ROW).encode()}
    )
    page.get_by_role("button", name="Look at it").press("Enter")
    page.get_by_role("button", name="Enrol this patient").press("Enter")

    expect(page.get_by_text("1 patient is enrolled.")).to_be_visible()


@pytest.mark.parametrize("address", ["/enrol", "/enrol/list", "/enrol/waiting"])
def test_text_at_twice_its_size_loses_nothing(
    team: CareTeam, ben: User, sit_down: SitDown, address: str
) -> None:
    factories.episode(team, name="Bo Ferreira-Lindqvist")
    page = sit_down(ben).page
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(address)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_each_sheet_is_one_page_of_a4_also_with_long_names(
    team: CareTeam, ben: User, sit_down: SitDown, tmp_path: Path
) -> None:
    team.clinic.name = "The Royal Hillside Spine and Musculoskeletal Rehabilitation Clinic"
    team.clinic.urgent_line = "+44 (0)20 7946 0102 ext. 4417"
    team.clinic.team_phone = "+44 (0)20 7946 0101 ext. 4416"
    team.clinic.save()
    episodes = [
        factories.episode(team, name=name, time_zone="America/Argentina/Buenos_Aires")
        for name in ("Maximiliana Constantinopoulos-Featherstonehaugh de la Vega", "Bo")
    ]
    page = sit_down(ben).page
    page.goto("/enrol/waiting")
    page.get_by_role("button", name="Make codes and show the sheets").click()
    expect(page.locator(".paper")).to_have_count(len(episodes))

    page.emulate_media(media="print")
    page.set_viewport_size({"width": 718, "height": 1046})  # A4 without its margins
    cut_off = page.evaluate(
        "[...document.querySelectorAll('.paper, .paper *')].filter(each => each.scrollWidth > each.clientWidth + 1"
        " && getComputedStyle(each).display !== 'inline').map(each => each.className || each.tagName)"
    )
    assert cut_off == []
    printed = page.pdf(prefer_css_page_size=True, path=tmp_path / "sheets.pdf")
    assert pages_of(printed) == len(episodes)


def test_the_printed_square_opens_the_phones_page_with_its_code(
    team: CareTeam, ben: User, sit_down: SitDown, live_server, settings
) -> None:
    settings.BASE_URL = live_server.url
    episode = factories.episode(team)
    page = sit_down(ben).page
    page.goto(f"/patients/{episode.uuid}/sheet")
    page.get_by_role("button", name="Make a code and show the sheet").click()
    code = page.locator(".paper-code").inner_text()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url + str(request.headers)))

    page.goto(f"{live_server.url}/phone#code={code}")
    expect(page.get_by_label("Your code")).to_have_value(code)
    page.get_by_role("button", name="Start").click()

    expect(page.get_by_role("heading", name="Is this you?")).to_be_visible()
    assert not any(code in words for words in asked)
    assert episode.devices.count() == 1


@pytest.mark.parametrize("width", [390, 1280])
def test_how_to_call_is_changed_without_javascript(
    ana: DeviceToken, ben: User, sit_down: SitDown, width: int
) -> None:
    desk = sit_down(ben, java_script_enabled=False, viewport={"width": width, "height": 844})
    page = desk.page
    page.goto(f"/patients/{ana.episode.uuid}")
    page.get_by_role("link", name="Change how to call").click()
    page.get_by_label("When and how to call").fill("after ten")
    page.get_by_role("radio", name="The caregiver").check()
    page.get_by_role("button", name="Change how to call").click()

    expect(page.get_by_text("How to call is changed.")).to_be_visible()
    expect(page.locator(".call-first")).to_contain_text("Tom Whitfield")
    expect(page.locator(".call-first")).to_contain_text("after ten")


@pytest.mark.parametrize("width", [390, 1280])
def test_who_it_is_is_corrected_without_javascript(
    ana: DeviceToken, ben: User, sit_down: SitDown, width: int
) -> None:
    page = sit_down(ben, java_script_enabled=False, viewport={"width": width, "height": 844}).page
    page.goto(f"/patients/{ana.episode.uuid}")
    page.get_by_role("link", name="Correct name, birthday, hospital number or vertebrae").click()
    page.get_by_label("Name").fill("Anna Whitfield")
    page.get_by_label("Why?").fill("Mistyped.")
    page.get_by_role("button", name="Correct who it is").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Anna Whitfield")
    expect(page.get_by_text("It is corrected.")).to_be_visible()


@pytest.mark.parametrize("act", ["contacts", "identity"])
def test_the_pages_that_correct_what_was_enrolled_have_no_barrier(
    ana: DeviceToken, ben: User, sit_down: SitDown, act: str
) -> None:
    desk = sit_down(ben)
    desk.page.goto(f"/patients/{ana.episode.uuid}/{act}")
    desk.examine(act)
