"""Who is told when nobody acts: the page of the policy, and what an alert says of it, in a browser."""

import pytest
from playwright.sync_api import expect

from recovery import escalation
from recovery.models import Alert, CareTeam, DeviceToken, EscalationPolicy, User
from tests import factories
from tests.browser.conftest import SitDown
from tests.browser.test_patient import step_to
from tests.dashboard.conftest import SetClock
from tests.dashboard.scenes import page_of, report, take_on
from tests.factories import at

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def dee(team: CareTeam) -> User:
    return factories.member(team, "Dee Lund", "admin")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scripts", [True, False])
def test_an_administrator_makes_a_mistake_corrects_it_and_saves(
    team: CareTeam, dee: User, sit_down: SitDown, width: int, scripts: bool
) -> None:
    page = sit_down(dee, java_script_enabled=scripts).page
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/escalation")
    expect(page.get_by_text("The defaults hold")).to_be_visible()
    emergency = page.get_by_role("group", name="Emergency", exact=True)

    second = emergency.get_by_label("Minutes after it came in").nth(1)
    second.fill("45")
    page.get_by_role("button", name="Save as version 1").click()
    expect(page.get_by_text("Nothing was saved")).to_be_visible()
    expect(page.get_by_text("Too late for this tier: 30 minutes at the most.")).to_be_visible()
    expect(second).to_have_value("45")
    second.fill("3")
    emergency.get_by_role("checkbox", name="The lead of the team").nth(1).check()
    page.get_by_role("button", name="Save as version 1").click()

    expect(page.get_by_text("Version 1 holds for alerts that come in from now on.")).to_be_visible()
    steps = EscalationPolicy.objects.get().document["emergency"]["steps"]
    assert steps[1] == {"after_s": 180, "to": ["second", "lead"]}
    page.get_by_role("button", name="Back to the defaults").click()
    expect(page.get_by_text("back to the defaults.")).to_be_visible()


def test_with_the_keyboard_alone(team: CareTeam, dee: User, sit_down: SitDown) -> None:
    page = sit_down(dee).page
    page.goto("/escalation")
    same_day = page.get_by_role("group", name="Same day", exact=True)

    step_to(page, same_day.get_by_label("Minutes after it came in").nth(1))
    page.keyboard.press("Control+A")
    page.keyboard.type("20")
    step_to(page, page.get_by_role("button", name="Save as version 1"))
    page.keyboard.press("Enter")

    expect(page.get_by_text("Version 1 holds for alerts")).to_be_visible()
    assert EscalationPolicy.objects.get().document["same_day"]["steps"][1]["after_s"] == 1200


def test_an_open_alert_turns_on_what_happens_next(
    team: CareTeam, ana: DeviceToken, ben: User, dora: User, sit_down: SitDown, set_clock: SetClock
) -> None:
    report(ana, 28.2, bladder="new_or_worse")
    alert = Alert.objects.get()
    page = sit_down(ben).page
    page.goto(page_of(alert))
    expect(page.get_by_text("The second on call is told")).to_be_visible()

    escalation.fire_due(limit=10, now=at(28.3))
    set_clock(28.3)
    expect(page.get_by_text("The second on call is told")).to_be_hidden(timeout=30_000)
    expect(page.get_by_text("Everybody of the team and the lead of the team are told")).to_be_visible()
    take_on(alert, dora, 28.31)
    expect(page.get_by_text("Dora Klein is reminded")).to_be_visible(timeout=30_000)


def test_the_pages_have_no_barrier(
    team: CareTeam, ana: DeviceToken, ben: User, dee: User, sit_down: SitDown, set_clock: SetClock
) -> None:
    zoe = factories.member(factories.team(team.clinic, "Hip team"), "Zoe Ager", "admin")
    report(ana, 28.2, bladder="new_or_worse")
    alert = Alert.objects.get()
    desk = sit_down(ben)
    desk.page.goto(page_of(alert))
    expect(desk.page.get_by_text("If nobody takes this on")).to_be_visible()
    desk.examine("alert-next")
    desk.page.goto("/escalation")
    desk.examine("escalation-read")

    desk = sit_down(dee)
    desk.page.goto("/escalation")
    desk.examine("escalation")
    desk.page.get_by_label("Minutes after it came in").nth(1).fill("45")
    desk.page.get_by_role("button", name="Save as version 1").click()
    expect(desk.page.get_by_text("Nothing was saved")).to_be_visible()
    desk.examine("escalation-refused")
    desk.page.get_by_label("Minutes after it came in").nth(1).fill("3")
    desk.page.get_by_role("button", name="Save as version 1").click()
    desk.page.get_by_role("button", name="Back to the defaults").click()
    desk.page.get_by_text("Version 1, saved by").click()
    desk.examine("escalation-earlier")

    for minutes in (5, 15, 75):
        escalation.fire_due(limit=10, now=at(28.2 + minutes / 60))
    set_clock(29.6)
    desk = sit_down(zoe)
    desk.page.goto("/escalation")
    expect(desk.page.get_by_text("Another team of your clinic needs somebody")).to_be_visible()
    desk.examine("escalation-elsewhere")
    take_on(alert, ben, 29.6)
    desk = sit_down(ben)
    desk.page.goto(page_of(alert))
    expect(desk.page.get_by_text("you are reminded")).to_be_visible()
    desk.examine("alert-mine")


def test_letters_twice_as_large_lose_nothing(team: CareTeam, dee: User, sit_down: SitDown) -> None:
    page = sit_down(dee).page
    page.goto("/escalation")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width
