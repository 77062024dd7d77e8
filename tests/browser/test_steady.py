"""What is on the screen stays where it is while the page asks again, so that no press lands on something else."""

import pytest
from playwright.sync_api import expect

from recovery.models import CareTeam, DeviceToken, User
from tests import factories
from tests.browser.conftest import SitDown
from tests.dashboard.conftest import SetClock
from tests.dashboard.scenes import alert_of, page_of, report, take_on

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES = {"phone": (390, 844), "desk": (1280, 900)}

SHOWN = (
    ("link", "Ana Whitfield"),
    ("link", "Bleeding that keeps coming"),
    ("button", "Take on for Ana Whitfield"),
)

REFRESH = "() => htmx.trigger(document.querySelector('[data-live]'), 'refresh')"
TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.mark.parametrize("size", SIZES)
def test_a_refresh_of_the_board_moves_nothing(
    ana: DeviceToken, team: CareTeam, ben: User, sit_down: SitDown, set_clock: SetClock, size: str
) -> None:
    """Minutes pass, and what has come in stands below what was there."""
    report(ana, 27, bleeding="oozing")
    page = sit_down(ben).page
    page.set_viewport_size({"width": SIZES[size][0], "height": SIZES[size][1]})
    page.goto("/")
    shown = [page.get_by_role(role, name=name) for role, name in SHOWN]
    before = [part.bounding_box() for part in shown]

    bo = factories.phone(factories.episode(team, name="Bo Ferreira"))[0]
    report(bo, 28, wants_call="yes")
    set_clock(28.2)
    page.evaluate(REFRESH)
    expect(page.get_by_role("link", name="Bo Ferreira")).to_be_visible()
    page.evaluate(TWO_FRAMES)

    assert None not in before
    assert [part.bounding_box() for part in shown] == before


@pytest.mark.parametrize("size", SIZES)
def test_what_a_colleague_does_moves_no_field_that_one_is_writing_in(
    ana: DeviceToken, ben: User, dora: User, sit_down: SitDown, size: str
) -> None:
    report(ana, 27, bleeding="oozing")
    alert = alert_of("BLEED-OOZE")
    page = sit_down(ben).page
    page.set_viewport_size({"width": SIZES[size][0], "height": SIZES[size][1]})
    page.goto(page_of(alert))
    field = page.get_by_label("What you found and what was done")
    field.fill("Pressed on it.")
    before = field.bounding_box()

    take_on(alert, dora, 28.1)
    page.evaluate(REFRESH)
    expect(page.get_by_text("Dora").first).to_be_attached()
    page.wait_for_function("() => document.querySelector('[data-live]').textContent.includes('took this on')")
    page.evaluate(TWO_FRAMES)

    assert before is not None
    assert field.bounding_box() == pytest.approx(before, abs=1)
