"""When nothing answers any more, an open page says within a minute how old it is (O12)."""

import pytest
from playwright.sync_api import Route, expect

from recovery.models import DeviceToken, User
from tests.browser.conftest import SitDown
from tests.browser.stopped import open_and_stop
from tests.browser.test_board import forgive_lost_network
from tests.dashboard.scenes import alert_of, page_of, report

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("which", ["board", "alert", "patient"])
def test_o12_when_nothing_answers_an_open_page_says_so_within_a_minute_and_takes_it_back(
    ana: DeviceToken, ben: User, sit_down: SitDown, which: str
) -> None:
    report(ana, 28, bleeding="oozing")
    pages = {
        "board": "/",
        "alert": page_of(alert_of("BLEED-OOZE")),
        "patient": f"/patients/{ana.episode.uuid}",
    }
    desk = sit_down(ben)
    page = desk.page
    open_and_stop(page, pages[which])
    banner = page.locator("[data-stale]")
    expect(banner).to_be_hidden()

    def lose(route: Route) -> None:
        route.abort()

    page.route("**/*", lose)
    page.clock.run_for(55_000)
    expect(banner).to_be_hidden()
    page.clock.run_for(7_000)
    expect(banner).to_be_visible()
    expect(banner).to_contain_text("Not up to date since 14:12:00. New alerts may be missing.")
    expect(page.locator("[data-stale-said]")).to_contain_text("Not up to date since 14:12:00.")

    page.unroute("**/*", lose)
    page.clock.run_for(11_000)
    expect(banner).to_be_hidden()
    forgive_lost_network(desk)
