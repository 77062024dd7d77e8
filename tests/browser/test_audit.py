"""The auditor's page and the operator's in a browser: with and without scripts, and with the keyboard alone."""

import re

import pytest
from playwright.sync_api import expect

from recovery import audit
from recovery.models import CareTeam, DeviceToken, Oversight, User
from tests import factories
from tests.browser.conftest import SitDown
from tests.browser.test_patient import step_to
from tests.factories import PASSWORD, T0, at

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def una(team: CareTeam, ben: User, ana: DeviceToken) -> User:
    for number in range(60):
        audit.record_look(page="patient", now=at(number / 10), user=ben, of={"episode_id": ana.episode.uuid})
    audit.record_look(
        page="alert", now=at(20), user=ben, of={"alert_id": factories.clinic("x").uuid}, status=404
    )
    user = User.objects.create_user("una@clinic.example", PASSWORD, name="Una Frost")
    Oversight.objects.create(user=user, role="auditor", clinic=team.clinic, started_at=T0)
    return user


@pytest.fixture
def opal(team: CareTeam) -> User:
    """Who operates the service; nobody who is known has tried to sign in, sixty times."""
    for number in range(60):
        audit.record_account(what="failed to sign in", now=at(number / 10), email="nobody@example.org")
    user = User.objects.create_user("opal@clinic.example", PASSWORD, name="Opal Reed")
    Oversight.objects.create(user=user, role="operator", clinic=None, started_at=T0)
    return user


@pytest.fixture
def seat(sit_down: SitDown, monkeypatch: pytest.MonkeyPatch) -> SitDown:
    from tests.browser.desk import Desk

    home = re.compile(r"/(audit|owed)$")
    monkeypatch.setattr(
        Desk,
        "sign_in",
        lambda desk: (desk.page.goto("/"), desk.give_both_factors(), desk.page.wait_for_url(home)),
    )
    return sit_down


@pytest.mark.parametrize("scripts", [True, False])
def test_an_auditor_looks_for_what_was_refused_and_goes_on_to_earlier_ones(
    seat: SitDown, una: User, scripts: bool
) -> None:
    desk = seat(una, java_script_enabled=scripts)
    page = desk.page
    expect(page.get_by_role("heading", name="Audit of Hillside Spine Clinic")).to_be_visible()
    page.get_by_role("link", name="Earlier ones").click()
    expect(page.get_by_role("link", name="The newest")).to_be_visible()

    page.get_by_label("What").select_option("What was refused")
    page.get_by_role("button", name="Show").click()

    expect(page.locator(".events > li")).to_have_count(1)
    expect(page.get_by_text("refused: alert")).to_be_visible()
    if scripts:
        desk.examine("audit")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scripts", [True, False])
def test_an_operator_comes_from_what_is_owed_to_what_is_of_no_clinic(
    seat: SitDown, opal: User, scripts: bool, width: int
) -> None:
    desk = seat(opal, java_script_enabled=scripts, viewport={"width": width, "height": 844})
    page = desk.page
    page.get_by_role("link", name="What is remembered of no clinic").click()
    expect(page.get_by_role("heading", name="Audit of the service")).to_be_visible()

    page.get_by_role("link", name="Earlier ones").click()
    expect(page.get_by_role("link", name="The newest")).to_be_visible()
    page.get_by_label("What").select_option("Sign-ins, accounts and roles")
    page.get_by_role("button", name="Show").click()

    expect(page.get_by_text("signed in").first).to_be_visible()
    if scripts:
        desk.examine("audit")
        page.get_by_role("link", name="Owed").click()
        expect(page.get_by_role("heading", name="What is owed")).to_be_visible()


def test_a_mistake_says_what_to_do_and_the_keyboard_is_enough(seat: SitDown, una: User) -> None:
    page = seat(una).page
    step_to(page, page.get_by_label("Request"))
    page.keyboard.type("not an id")
    page.keyboard.press("Enter")

    expect(page.get_by_text("Write the whole id of the request").first).to_be_visible()
    expect(page.get_by_label("Request")).to_have_value("not an id")
