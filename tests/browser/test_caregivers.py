"""Whom a patient lets help, in a real browser: with the keyboard alone, on a telephone, without JavaScript."""

import pytest
from playwright.sync_api import expect

from recovery.models import Caregiver, DeviceToken, User
from tests import factories
from tests.browser.conftest import SitDown
from tests.browser.desk import SIZES, press
from tests.factories import at

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("java_script_enabled", [True, False])
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_a_consent_is_written_down_and_ended_with_the_keyboard(
    ana: DeviceToken, ben: User, sit_down: SitDown, size: tuple[int, int], java_script_enabled: bool
) -> None:
    how = {"java_script_enabled": java_script_enabled, "viewport": {"width": size[0], "height": size[1]}}
    page = sit_down(ben, **how).page
    page.goto(f"/patients/{ana.episode.uuid}")
    page.get_by_role("link", name="Caregivers who may answer for the patient").focus()
    page.keyboard.press("Enter")

    expect(page.get_by_label("Their name")).to_have_value("Tom Whitfield")
    page.get_by_label("Send check-ins.").focus()
    page.keyboard.press("Space")
    page.get_by_label("I have read these words").focus()
    page.keyboard.press("Space")
    press(page, "Write it down and show the code")
    expect(page.get_by_text("tell us how Ana Whitfield is")).to_be_visible()
    page.get_by_role("link", name="Caregivers").last.focus()
    page.keyboard.press("Enter")

    page.get_by_text("End the consent").first.focus()
    page.get_by_text("End the consent").first.click()
    page.get_by_label("Why?").fill("Ana asked for it.")
    press(page, "End the consent")
    expect(page.get_by_text("Ana asked for it.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    assert Caregiver.objects.get().revoked_by == ben


def test_the_page_is_without_barriers(ana: DeviceToken, ben: User, sit_down: SitDown) -> None:
    factories.caregiver(ana.episode, by=ben, now=at(24))
    desk = sit_down(ben)
    desk.page.goto(f"/patients/{ana.episode.uuid}/caregivers")

    desk.examine("care-caregivers")
    press(desk.page, "Write it down and show the code")
    expect(desk.page.get_by_text("Without their yes nobody may help.").first).to_be_visible()
    desk.examine("care-caregivers-refused")
