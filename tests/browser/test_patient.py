"""The page of one patient, and the list of patients, in a browser."""

import pytest
from playwright.sync_api import Locator, Page, expect

from recovery import alerts, checkins, corrections, silence
from recovery.models import CareTeam, DeviceToken, Episode, User
from tests import factories
from tests.browser.conftest import SitDown
from tests.dashboard.conftest import SetClock
from tests.dashboard.scenes import again, alert_of, flag_all, report
from tests.factories import at

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def page_of(device: DeviceToken) -> str:
    return f"/patients/{Episode.objects.get(pk=device.episode_id).uuid}"


@pytest.fixture
def told(ana: DeviceToken, ben: User, dora: User, set_clock: SetClock) -> DeviceToken:
    """Four days with something of everything."""
    report(ana, 5, pain_now=6, pain_change="worse", pain_where=["needle_site"])
    report(ana, 14, pain_now=4, completed=False)
    first = report(ana, 26, pain_now=4, bleeding="oozing", bandage="wet")
    changed = factories.submission(26, client_id=first.check_in.client_id, pain_now=4, bleeding="spot")
    checkins.correct(device=again(ana), submission=changed, base_revision=1, now=at(26.2))
    flag_all(26.2)
    ooze = alert_of("BLEED-OOZE")
    alerts.acknowledge(alert_id=ooze.uuid, by=dora, now=at(26.3))
    alerts.record_contact(
        alert_id=ooze.uuid, by=dora, reached=True, by_what="phone", note="A dry spot by now.", now=at(26.4)
    )
    alerts.close(
        alert_id=ooze.uuid, by=dora, outcome="self-care", contacted=True, note="Pressed.", now=at(27)
    )
    wrong = report(ana, 30, pain_now=10)
    checkins.withdraw(device=again(ana), client_id=wrong.check_in.client_id, now=at(30.2))
    report(ana, 40, received=52, pain_now=3, temp={"value": 37.2, "unit": "C"})
    corrections.correct_risk_factors(
        episode_id=Episode.objects.get().uuid,
        risk_factors=["age_65_plus", "osteoporosis", "steroids"],
        blood_thinner_restart_h=None,
        reason="Her GP says she takes prednisolone.",
        by=dora,
        now=at(53),
    )
    silence.judge_due(limit=10, now=at(85))
    flag_all(85)
    report(
        ana,
        88,
        pain_now=6,
        temp={"value": 38.3, "unit": "C"},
        numbness="new_or_worse",
        numbness_where=["one_leg"],
    )
    set_clock(88.5)
    return ana


@pytest.fixture
def weeks(ana: DeviceToken, set_clock: SetClock) -> DeviceToken:
    """Five weeks, a check-in a day."""
    for day in range(36):
        report(ana, day * 24 + 9, pain_now=max(1, 7 - day // 6))
    set_clock(36 * 24)
    return ana


def step_to(page: Page, target: Locator) -> None:
    """From where the focus is, by the Tab key alone."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if target.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError("the Tab key does not lead there")


def test_finding_a_patient_and_reading_a_check_in_with_the_keyboard_alone(
    told: DeviceToken, ben: User, sit_down: SitDown
) -> None:
    page = sit_down(ben).page

    step_to(page, page.get_by_role("link", name="Patients", exact=True))
    page.keyboard.press("Enter")
    step_to(page, page.get_by_label("Name, hospital number or date of birth"))
    page.keyboard.type("whit 12/04/1950")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="1 found")).to_be_visible()
    step_to(page, page.get_by_role("link", name="Ana Whitfield"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Ana Whitfield")).to_be_visible()
    assert "hit" not in page.url
    step_to(page, page.locator("#check-ins summary").first)
    page.keyboard.press("Enter")

    expect(page.get_by_text("Temperature 38.3 °C, at least 37.5 °C").first).to_be_visible()
    expect(page.get_by_text("38.3 °C counted in a finding")).to_be_visible()


def test_without_javascript_a_patient_is_found_and_the_story_can_be_read(
    told: DeviceToken, ben: User, sit_down: SitDown
) -> None:
    page = sit_down(ben, java_script_enabled=False).page

    page.get_by_role("link", name="Patients", exact=True).click()
    page.get_by_label("Name, hospital number or date of birth").fill("Ana")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Ana Whitfield").click()
    page.locator("#check-ins summary").first.click()

    expect(page.get_by_text("38.3 °C counted in a finding")).to_be_visible()
    page.get_by_role("link", name="Any fever").first.click()
    expect(page.get_by_role("heading", name="Why this alert is here")).to_be_visible()


def test_a_day_leads_to_its_check_in_on_another_page_and_opens_it(
    weeks: DeviceToken, ben: User, sit_down: SitDown
) -> None:
    page = sit_down(ben).page
    page.goto(page_of(weeks))
    expect(page.get_by_text("Newest first, page 1 of 3.")).to_be_visible()

    page.get_by_role("link", name="Day 3, Thu 5 March: 1 check-in").click()

    expect(page.get_by_text("Newest first, page 3 of 3.")).to_be_visible()
    expect(page.locator(".entry-body:target")).to_be_visible()
    expect(page.locator(".entry-body:target")).to_contain_text("Day 3, hour 81 after the procedure")


def test_the_last_two_weeks_are_looked_at_closely(weeks: DeviceToken, ben: User, sit_down: SitDown) -> None:
    page = sit_down(ben).page
    page.goto(page_of(weeks))

    page.get_by_role("link", name="Last 14 days").click()

    expect(page.get_by_role("link", name="Whole recovery")).to_be_visible()
    expect(page.locator(".pain-chart-wide .chart-tick", has_text="35 d")).to_be_visible()


def test_an_open_page_says_that_it_is_old_and_moves_nothing(
    told: DeviceToken, ben: User, dora: User, sit_down: SitDown
) -> None:
    page = sit_down(ben).page
    page.goto(page_of(told))
    calls = page.get_by_role("heading", name="Call")
    before = calls.bounding_box()

    alerts.add_note(alert_id=alert_of("FEVER").uuid, by=dora, note="Rang.", now=at(88.5))

    old = page.get_by_text("Something has changed since this page was loaded.")
    expect(old).to_be_visible(timeout=20_000)
    assert calls.bounding_box() == before
    page.get_by_role("link", name="Load it again").click()
    expect(page.get_by_text("Rang.").last).to_be_visible()
    expect(old).to_be_hidden()


def test_the_drawing_has_a_name_and_its_table_says_the_same(
    told: DeviceToken, ben: User, sit_down: SitDown
) -> None:
    page = sit_down(ben).page
    page.goto(page_of(told))
    drawing = page.get_by_role("img", name="Alerts, pain, temperature and check-ins due since the procedure.")

    for width, shown in ((1280, "wide"), (390, "narrow")):
        page.set_viewport_size({"width": width, "height": 900})
        expect(drawing).to_have_count(1)
        expect(page.locator(f".pain-chart-{shown}")).to_be_visible()
    page.get_by_text("The same as a table").click()

    expect(page.get_by_role("row", name="22:00 yesterday Day 3, hour 84")).to_contain_text("Check-in missed")
    wide = page.get_by_role("region", name="The course as a table")
    assert wide.evaluate("one => one.scrollWidth <= one.clientWidth")


def test_on_paper_the_story_stands_without_controls(told: DeviceToken, ben: User, sit_down: SitDown) -> None:
    page = sit_down(ben).page
    page.goto(page_of(told))

    page.emulate_media(media="print")

    expect(page.get_by_text("Hospital number H")).to_be_visible()
    expect(page.locator(".pain-chart-wide")).to_be_visible()
    expect(page.get_by_role("complementary", name="Record or change something")).to_be_hidden()
    expect(page.get_by_role("navigation", name="Main")).to_be_hidden()


def test_letters_twice_as_large_lose_nothing(told: DeviceToken, ben: User, sit_down: SitDown) -> None:
    page = sit_down(ben).page
    for address in (page_of(told), "/patients"):
        page.goto(address)
        page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (address, width)


def test_the_patients_page_has_no_barrier(told: DeviceToken, ben: User, sit_down: SitDown) -> None:
    desk = sit_down(ben)
    desk.page.goto(page_of(told))
    for heading in ("Course", "Check-ins", "Alerts and what happened to them"):
        desk.page.get_by_role("region", name=heading).locator("summary").first.click()

    desk.examine("patient")


def test_the_list_of_patients_has_no_barrier(
    told: DeviceToken, team: CareTeam, ben: User, sit_down: SitDown
) -> None:
    factories.episode(team, name="Bo Ferreira-Lindqvist")
    desk = sit_down(ben)
    desk.page.goto("/patients")
    desk.examine("patients")

    desk.page.get_by_role("button", name="Find").click()

    desk.examine("patients-refused")
