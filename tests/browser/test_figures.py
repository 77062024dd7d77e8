"""The figures of a care team, in a browser."""

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from recovery import clock
from recovery.models import CareTeam, User
from tests import factories
from tests.browser.conftest import SitDown
from tests.browser.test_patient import step_to
from tests.figures import world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DAYS = "?first=2026-01-12&last=2026-04-12"


@pytest.fixture
def busy(team: CareTeam, ben: User, monkeypatch: pytest.MonkeyPatch) -> CareTeam:
    """Twelve weeks of a world that was drawn by chance."""
    world.store(team, ben, world.drawn(2, recoveries=60))
    CareTeam.objects.filter(pk=team.pk).update(alert_budget=20)
    monkeypatch.setattr(clock, "now", lambda: world.NOW)
    return team


@pytest.fixture
def dee(team: CareTeam) -> User:
    return factories.member(team, "Dee Lund", "admin")


@pytest.mark.parametrize("width", [390, 1280])
def test_figures_of_other_days_with_the_keyboard_alone(
    busy: CareTeam, ben: User, sit_down: SitDown, width: int
) -> None:
    page = sit_down(ben).page
    page.set_viewport_size({"width": width, "height": 900})

    step_to(page, page.get_by_role("link", name="Figures", exact=True))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Figures, Spine team")).to_be_visible()
    step_to(page, page.get_by_role("link", name="Last 84 days"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("19 January 2026 to 12 April 2026, 84 days")).to_be_visible()
    step_to(page, page.get_by_label("First day"))
    page.keyboard.type("01022026" if page.evaluate("navigator.language") != "en-US" else "02012026")
    step_to(page, page.get_by_role("button", name="Show"))
    page.keyboard.press("Enter")

    expect(page.get_by_text("1 February 2026 to 12 April 2026, 71 days")).to_be_visible()
    assert "first=2026-02-01&last=2026-04-12" in page.url


@pytest.mark.parametrize("width", [390, 1280])
def test_without_javascript_days_are_chosen_a_mistake_is_said_and_a_file_is_fetched(
    busy: CareTeam, ben: User, sit_down: SitDown, width: int
) -> None:
    page = sit_down(ben, java_script_enabled=False).page
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/figures")

    page.get_by_label("First day").fill("2026-04-20")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("The last day lies before the first.")).to_be_visible()
    expect(page.get_by_label("First day")).to_have_value("2026-04-20")
    page.get_by_label("First day").fill("2026-01-12")
    page.get_by_role("button", name="Show").click()
    with page.expect_download() as fetched:
        page.get_by_role("link", name="Download Alerts by rule as CSV").click()

    assert fetched.value.suggested_filename == "alerts-by-rule-2026-01-12-2026-04-12.csv"
    text = Path(fetched.value.path()).read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    table = page.get_by_role("table", name="Alerts by rule")
    for row in rows:
        line = table.get_by_role("row", name=row["name"])
        expect(line.get_by_role("cell").first).to_contain_text(row["alerts"])


@pytest.mark.parametrize("width", [390, 1280])
def test_a_reader_of_the_screen_hears_a_table_of_rows_and_cells(
    busy: CareTeam, ben: User, sit_down: SitDown, width: int
) -> None:
    """On a phone as well, where each row is drawn as a card."""
    page = sit_down(ben).page
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"/figures{DAYS}")

    for name, columns in (("Alerts by urgency", 5), ("Check-ins missed, by risk factor", 3)):
        table = page.get_by_role("table", name=name)
        expect(table.get_by_role("columnheader")).to_have_count(columns)
        rows = table.get_by_role("row").filter(has=page.get_by_role("rowheader"))
        assert rows.count() == table.get_by_role("rowheader").count() > 3
        assert table.get_by_role("cell").count() == rows.count() * (columns - 1)


@pytest.mark.parametrize("scripts", [True, False])
def test_an_administrator_changes_the_budget(
    busy: CareTeam, dee: User, sit_down: SitDown, scripts: bool
) -> None:
    page = sit_down(dee, java_script_enabled=scripts).page
    page.goto(f"/figures{DAYS}")
    expect(page.get_by_text("the team means to work on at most 20")).to_be_visible()

    step_to_budget(page)
    page.get_by_label("Alerts for each 100 check-ins").fill("400")
    page.get_by_role("button", name="Save the budget").click()
    expect(page.get_by_text("Write a number from 1 to 300.").last).to_be_visible()
    expect(page.get_by_label("Alerts for each 100 check-ins")).to_have_value("400")
    page.get_by_label("Alerts for each 100 check-ins").fill("300")
    page.get_by_role("button", name="Save the budget").click()

    expect(page.get_by_text("The alert budget of Spine team is 300")).to_be_visible()
    expect(page.get_by_text("Within budget")).to_be_visible()
    assert "first=2026-01-12" in page.url


def test_on_paper_tables_and_definitions_stand_without_controls(
    busy: CareTeam, ben: User, sit_down: SitDown
) -> None:
    page = sit_down(ben).page
    page.goto(f"/figures{DAYS}")

    page.emulate_media(media="print")

    expect(page.get_by_role("table", name="Alerts by rule")).to_be_visible()
    expect(page.locator("#alerts-by-rule .bar").first).to_be_visible()
    expect(page.locator("#alerts-by-rule .definitions")).to_be_visible()
    expect(page.get_by_text("Download").first).to_be_hidden()
    expect(page.get_by_role("button", name="Show")).to_be_hidden()


def test_letters_twice_as_large_lose_nothing(busy: CareTeam, dee: User, sit_down: SitDown) -> None:
    page = sit_down(dee).page
    page.goto(f"/figures{DAYS}")
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width
        cut = page.locator("td, th, .budget p").evaluate_all(
            "all => all.filter(one => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 1)"
            ".map(one => one.textContent.trim())"
        )
        assert cut == [], width


def test_the_page_has_no_barrier(busy: CareTeam, dee: User, sit_down: SitDown) -> None:
    factories.team(busy.clinic, "Hip team").memberships.create(user=dee, role="nurse")
    desk = sit_down(dee)
    desk.page.goto(f"/figures?team={busy.uuid}&first=2026-01-12&last=2026-04-12")
    step_to_budget(desk.page)
    desk.examine("figures")

    desk.page.get_by_label("First day").fill("2026-05-01")
    desk.page.get_by_role("button", name="Show").click()
    desk.examine("figures-refused")
    desk.page.get_by_label("First day").fill("2026-04-01")
    desk.page.get_by_label("Care team").select_option("Hip team")
    desk.page.get_by_role("button", name="Show").click()
    expect(desk.page.get_by_text("Nothing happened in this period")).to_be_visible()
    desk.examine("figures-empty")


def step_to_budget(page: Page) -> None:
    page.get_by_text("Change the budget").click()
    expect(page.get_by_role("button", name="Save the budget")).to_be_visible()
