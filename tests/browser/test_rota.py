"""Planning who is on call, and reading it above the board, in a browser."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from recovery import rota
from recovery.models import CareTeam, DeviceToken, RotaOverride, RotaShift, User
from tests import factories
from tests.browser.conftest import SitDown
from tests.browser.test_patient import step_to
from tests.dashboard.scenes import report
from tests.factories import at
from tests.rota import scenes

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NOW = at(28.2)
"""Tuesday 3 March, 14:12 in London."""
WIDTHS = pytest.mark.parametrize("width", [390, 1280])


@pytest.fixture
def dee(team: CareTeam) -> User:
    return factories.member(team, "Dee Lund", "admin")


@pytest.fixture
def cora(team: CareTeam) -> User:
    return factories.member(team, "Cora Field", "coordinator")


def narrow(page: Page, width: int) -> Page:
    page.set_viewport_size({"width": width, "height": 844})
    return page


@WIDTHS
def test_nights_of_a_working_week_are_planned_with_the_keyboard_alone(
    team: CareTeam, ben: User, dee: User, sit_down: SitDown, width: int
) -> None:
    page = narrow(sit_down(dee).page, width)
    step_to(page, page.locator("#tab-rota"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Rota, Spine team")).to_be_visible()

    for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"):
        step_to(page, page.get_by_role("checkbox", name=day))
        page.keyboard.press("Space")
    for label, typed in (("From", "0800PM"), ("Until", "0800AM")):
        step_to(page, page.get_by_label(label, exact=True).first)
        page.keyboard.type(typed if page.evaluate("navigator.language") == "en-US" else typed[:4])
    step_to(page, page.get_by_label("Who?").first)
    page.keyboard.type("Ben")
    step_to(page, page.get_by_role("button", name="Add to the pattern"))
    page.keyboard.press("Enter")

    expect(page.get_by_text("The weekly pattern has changed.")).to_be_visible()
    shifts = RotaShift.objects.order_by("weekday")
    assert [(each.weekday, each.begins_min, each.lasts_min) for each in shifts] == [
        (day, 20 * 60, 12 * 60) for day in range(5)
    ]
    expect(page.get_by_role("heading", name="Gaps in the next 14 days")).to_be_visible()


@WIDTHS
def test_without_javascript_a_slip_is_explained_what_was_typed_stays_and_it_is_planned(
    team: CareTeam, ben: User, dee: User, sit_down: SitDown, width: int
) -> None:
    scenes.shifts(team, dee, by=dee)
    page = narrow(sit_down(dee, java_script_enabled=False).page, width)
    page.goto("/rota")
    page.get_by_text("Plan somebody instead").click()
    form = page.get_by_role("form", name="Plan somebody instead")
    form.get_by_label("From which day").fill("2026-03-29")
    form.get_by_label("From what time").fill("01:30")
    form.get_by_label("Until which day").fill("2026-03-29")
    form.get_by_label("Until what time").fill("09:00")
    form.get_by_label("Who?").select_option("Ben Okafor")
    form.get_by_role("button", name="Plan it").click()

    alert = page.get_by_role("alert")
    expect(alert.get_by_text("Clocks went forward that night")).to_be_visible()
    alert.get_by_role("link", name="From what time").click()
    expect(form.get_by_label("From which day")).to_have_value("2026-03-29")
    expect(form.get_by_label("Who?")).to_have_value(str(ben.uuid))
    form.get_by_label("From what time").fill("02:00")
    form.get_by_role("button", name="Plan it").click()

    expect(page.get_by_text("It is planned, instead of the weekly pattern.")).to_be_visible()
    planned = RotaOverride.objects.get()
    assert planned.until_at - planned.from_at == timedelta(hours=7)
    page.locator("#overrides").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("It is taken out of the plan.")).to_be_visible()


def test_of_two_who_plan_the_same_hours_one_wins_and_the_other_keeps_what_was_typed(
    team: CareTeam, ben: User, dee: User, cora: User, sit_down: SitDown
) -> None:
    pages = [sit_down(person).page for person in (dee, cora)]
    for page, who in zip(pages, ("Ben Okafor", "Dee Lund"), strict=True):
        page.goto("/rota")
        page.get_by_role("checkbox", name="Saturday").check()
        page.get_by_label("From", exact=True).first.fill("08:00")
        page.get_by_label("Until", exact=True).first.fill("20:00")
        page.get_by_label("Who?").first.select_option(who)
    for page in pages:
        page.get_by_role("button", name="Add to the pattern").click()

    expect(pages[0].get_by_text("The weekly pattern has changed.")).to_be_visible()
    refusal = pages[1].get_by_role("alert")
    expect(refusal.get_by_text("Ben Okafor is planned already, Saturday 08:00 to 20:00")).to_be_visible()
    expect(refusal.get_by_text("Dee Lund planned it")).to_be_visible()
    expect(pages[1].get_by_label("Who?").first).to_have_value(str(dee.uuid))
    expect(pages[1].get_by_role("checkbox", name="Saturday")).to_be_checked()


def test_the_board_says_by_itself_who_is_on_call_by_now(
    team: CareTeam, ben: User, dora: User, dee: User, sit_down: SitDown
) -> None:
    scenes.shifts(team, ben, by=dee)
    for person in (ben, dora, dee):
        scenes.channel(team, person)
    page = sit_down(ben).page
    page.clock.install()
    page.goto("/")
    expect(page.get_by_role("heading", name="On call", exact=True)).to_be_visible()
    expect(page.get_by_text("First: Ben Okafor", exact=False).first).to_be_visible()
    expect(page.get_by_role("heading", name="No nurse or doctor can be reached tonight")).to_have_count(0)

    scenes.override(team, dora, NOW - timedelta(hours=1), 4, by=dee)
    dora.contacts.update(ended_at=NOW)
    page.clock.fast_forward(61_000)

    expect(page.get_by_text("First: Dora Klein (no working channel), until 17:12 today")).to_be_visible()
    expect(page.get_by_role("heading", name="No working channel")).to_be_visible()


def test_the_rota_and_the_board_have_no_barriers(
    team: CareTeam, ben: User, dora: User, dee: User, sit_down: SitDown
) -> None:
    desk = sit_down(dee)
    desk.page.goto("/rota")
    desk.examine("rota-empty")

    scenes.channel(team, ben)
    scenes.shifts(team, ben, "08:00", "18:00", by=dee, days=range(5))
    scenes.shifts(team, dora, "18:00", "08:00", by=dee, days=range(5))
    scenes.shifts(team, dee, by=dee, level=rota.SECOND)
    scenes.override(team, dora, at(48), 8, by=dee)
    rota.name_lead(team_id=team.uuid, user_id=dora.uuid, was=None, by=dee, now=NOW)
    desk.page.goto("/rota")
    for summary in desk.page.locator("summary").all():
        summary.click()
    desk.examine("rota")
    desk.page.get_by_role("button", name="Add to the pattern").click()
    expect(desk.page.get_by_text("Nothing was saved yet.")).to_be_visible()
    desk.examine("rota-refused")
    desk.page.goto("/")
    expect(desk.page.get_by_role("heading", name="No nurse or doctor can be reached tonight")).to_be_visible()
    desk.examine("rota-board")


def test_on_a_phone_alerts_stand_above_who_is_on_call_and_that_nobody_can_be_reached_above_both(
    team: CareTeam, ana: DeviceToken, ben: User, dee: User, sit_down: SitDown
) -> None:
    report(ana, 28, bleeding="oozing")
    scenes.shifts(team, ben, by=dee)
    page = narrow(sit_down(ben).page, 390)
    page.goto("/")

    def top(name: str) -> float:
        box = page.get_by_role("heading", name=name).bounding_box()
        assert box
        return box["y"]

    assert top("No nurse or doctor can be reached tonight") < top("Ana Whitfield") < top("On call")
    narrow(page, 1280)
    assert top("On call") < top("Ana Whitfield")
