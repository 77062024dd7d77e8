"""Signing in by two factors, one's account and the people of a team: by keyboard, by touch, without JavaScript."""

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from recovery import clock, second_factor
from recovery.models import CareTeam, StaffSession, User
from tests import factories, signing_in
from tests.browser.conftest import SitDown
from tests.browser.stopped import open_and_stop
from tests.factories import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE = {"viewport": {"width": 390, "height": 844}}
DESK = {"viewport": {"width": 1280, "height": 900}}


def give_password(page: "Page", user: User) -> None:
    page.goto("/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def shown_by_app(page: "Page") -> str:
    """What an app shows that was given the letters on the page."""
    secret = page.locator("#secret").inner_text().replace(" ", "")
    return second_factor.code_at(secret, clock.real())


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["390", "1280"])
@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_the_first_sign_in_sets_up_the_app_and_ends_on_the_board(
    ben: User, sit_down: SitDown, size: dict[str, object], script: bool
) -> None:
    page = sit_down(ben, signed_in=False, java_script_enabled=script, **size).page
    give_password(page, ben)
    page.wait_for_url("**/account/second-factor")

    page.get_by_label("The six digits").fill(shown_by_app(page))
    page.get_by_role("button", name="Go on").click()
    codes = page.locator(".codes code").all_inner_texts()
    page.get_by_role("link", name="I have kept them").click()

    page.wait_for_url("/")
    assert len(codes) == second_factor.CODES
    assert page.get_by_role("heading", level=1).is_visible()


def test_by_keyboard_alone_and_with_a_code_written_in_two_halves(ben: User, sit_down: SitDown) -> None:
    signing_in.give_app(ben)
    page = sit_down(ben, signed_in=False).page
    page.goto("/")
    page.get_by_label("Email").focus()
    page.keyboard.type(ben.email)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/accounts/second-factor/")

    while page.evaluate("document.activeElement.name") != "code":
        page.keyboard.press("Tab")
    code = signing_in.shown_code()
    page.keyboard.type(f"{code[:3]} {code[3:]}")
    page.keyboard.press("Enter")

    page.wait_for_url("/")


def test_a_wrong_code_is_said_beside_the_field(ben: User, sit_down: SitDown) -> None:
    signing_in.give_app(ben)
    desk = sit_down(ben, signed_in=False)
    give_password(desk.page, ben)
    desk.examine("second-factor")

    desk.page.get_by_label("Code").fill("123")
    desk.page.get_by_role("button", name="Go on").click()

    expect(desk.page.get_by_label("Code").locator("..")).to_contain_text("This code is not right")
    desk.examine("second-factor-refused")


def test_setting_up_and_ones_account_have_no_barrier(ben: User, sit_down: SitDown) -> None:
    desk = sit_down(ben, signed_in=False)
    give_password(desk.page, ben)
    desk.examine("second-factor-set-up")
    desk.page.get_by_label("The six digits").fill(shown_by_app(desk.page))
    desk.page.get_by_role("button", name="Go on").click()
    desk.examine("recovery-codes")

    signing_in.session_of(ben)
    desk.page.goto("/account/security")
    desk.examine("account")
    desk.page.get_by_role("button", name="Sign out: A browser").click()

    expect(desk.page.locator("main")).to_contain_text("Signed out there.")
    assert StaffSession.objects.filter(user=ben).count() == 1


def test_an_administrator_invites_from_the_page_and_it_has_no_barrier(
    team: CareTeam, sit_down: SitDown
) -> None:
    dee = factories.member(team, "Dee Lund", "admin")
    factories.member(team, "Ben Okafor")
    desk = sit_down(dee)
    desk.page.goto("/account/security")
    desk.page.get_by_role("link", name="The people of your team").click()
    desk.page.get_by_label("Name").fill("Nia Boateng")
    desk.page.get_by_label("E-mail address").fill("nia@clinic.example")
    desk.page.locator("#invite-role").select_option("doctor")
    desk.page.get_by_role("button", name="Send the invitation").click()

    desk.page.get_by_text("An invitation is on its way").wait_for()
    desk.page.get_by_text(re.compile("^Change")).first.click()
    desk.examine("team")


def test_an_invitation_has_no_barrier_and_leads_to_the_sign_in(team: CareTeam, sit_down: SitDown) -> None:
    from recovery import staff

    dee = factories.member(team, "Dee Lund", "admin")
    _, token = staff.invite(
        team_id=team.uuid,
        email="nia@clinic.example",
        name="Nia Boateng",
        role="nurse",
        by=dee,
        now=clock.now(),
    )
    desk = sit_down(dee, signed_in=False)
    desk.page.goto(f"/accounts/invitation/{token}/")
    desk.examine("invitation")
    for field in desk.page.locator("input[type=password]").all():
        field.fill("four words never together")
    desk.page.get_by_role("button", name="Set the password").click()

    desk.page.get_by_text("You have joined.").wait_for()
    assert desk.page.get_by_role("button", name="Sign in").is_visible()


def test_two_minutes_ahead_it_is_said_that_the_session_ends_and_one_press_keeps_it(
    ben: User, sit_down: SitDown
) -> None:
    desk = sit_down(ben)
    open_and_stop(desk.page, "/account/security")
    StaffSession.objects.update(seen_at=clock.real() - timedelta(minutes=13))

    desk.page.clock.run_for("12:59")
    before = desk.page.get_by_role("alert").is_visible()
    desk.page.clock.run_for("00:02")
    desk.page.clock.resume()
    desk.page.get_by_role("alert").wait_for()
    desk.examine("idle")
    desk.page.get_by_role("button", name="Stay signed in").click()
    desk.page.get_by_role("alert").wait_for(state="hidden")

    assert not before
    assert StaffSession.objects.get().seen_at > clock.real() - timedelta(minutes=1)
