"""What is held about one person, in a real browser: with the keyboard alone, on a telephone, without JavaScript."""

import pytest
from playwright.sync_api import expect

from recovery import persons
from recovery.models import CareTeam, DeviceToken, Episode, Patient, User
from tests import factories
from tests.browser.conftest import SitDown
from tests.browser.desk import SIZES, press
from tests.factories import at

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def dee(team: CareTeam) -> User:
    return factories.member(team, "Dee Lund", "admin")


@pytest.fixture
def episode(ana: DeviceToken) -> Episode:
    Episode.objects.filter(pk=ana.episode_id).update(status="ended", ended_at=at(25), next_due_at=None)
    return Episode.objects.get(pk=ana.episode_id)


@pytest.mark.parametrize("java_script_enabled", [True, False])
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_it_is_handed_out_and_erased_by_two_with_the_keyboard(
    episode: Episode,
    dee: User,
    team: CareTeam,
    sit_down: SitDown,
    size: tuple[int, int],
    java_script_enabled: bool,
) -> None:
    dora = factories.member(team, "Dora Klein", "doctor")
    how = {"java_script_enabled": java_script_enabled, "viewport": {"width": size[0], "height": size[1]}}
    page = sit_down(dee, **how).page
    page.goto(f"/patients/{episode.uuid}")
    page.get_by_role("link", name="Hand out what is held about them").focus()
    page.keyboard.press("Enter")
    with page.expect_download() as download:
        press(page, "Data for another program")
    assert download.value.suggested_filename == f"person-{episode.patient.uuid}.json"

    page.get_by_label("Everything: who it is").focus()
    page.keyboard.press("Space")
    page.get_by_label("Who wants it, and why?").fill("By letter.")
    page.get_by_label("Why need the clinic not keep").fill("Enrolled by mistake.")
    press(page, "Ask for them to be erased")
    expect(page.get_by_text("You asked for it: another")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]

    page = sit_down(dora, **how).page
    page.goto(f"/patients/{episode.uuid}/person")
    press(page, "Confirm, and erase now")
    expect(page.get_by_text("It is erased.")).to_be_visible()
    assert Patient.objects.get(pk=episode.patient_id).name == "Erased"


def test_the_page_has_no_barrier(episode: Episode, dee: User, team: CareTeam, sit_down: SitDown) -> None:
    """With everything that it can show at once."""
    una = factories.member(team, "Una Reid", "admin")
    desk = sit_down(dee)
    desk.page.goto(f"/patients/{episode.uuid}/person")
    desk.examine("person")
    press(desk.page, "Ask for them to be erased")
    desk.examine("person-refused")
    persons.ask(
        episode_id=episode.uuid, scope="all", reason="By letter.", no_duty="By mistake. " * 20, by=una, now=at(26)
    )  # fmt: skip
    persons.place_hold(episode_id=episode.uuid, reason="An inquiry of the insurer's.", by=dee, now=at(26))
    desk.page.reload()
    desk.page.goto(f"/patients/{episode.uuid}/person")
    desk.examine("person-asked")
    assert not desk.complaints
