"""Each page, light and dark, on a phone and at a desk: no barrier that axe knows, nothing cut off."""

import pytest

from recovery import clock, quarantine
from recovery.models import CareTeam, DeviceToken, Notification, Quarantine, User
from tests import factories
from tests.browser.conftest import SitDown
from tests.dashboard.conftest import SetClock
from tests.dashboard.scenes import again, alert_of, flag_all, page_of, report, take_on

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def busy(team: CareTeam, ana: DeviceToken, ben: User, dora: User, set_clock: SetClock) -> None:
    """A night with something of everything."""
    bo, _ = factories.phone(factories.episode(team, name="Bo Ferreira-Lindqvist"))
    cy, _ = factories.phone(factories.episode(team, name="Cy Adebayo"))
    report(ana, 5, pain_now=6, pain_change="worse", pain_where=["needle_site"])
    report(ana, 14, pain_now=4, completed=False)
    report(bo, 20, wants_call="yes", free_text="When may I take the bandage off?")
    report(cy, 25, bleeding="oozing", bandage="wet")
    take_on(alert_of("BLEED-OOZE", name="Cy Adebayo"), dora, 25.2)
    report(
        ana,
        27.5,
        received=28,
        pain_now=7,
        numbness="new_or_worse",
        numbness_where=["saddle"],
        bladder="new_or_worse",
    )
    quarantine.keep(
        device=again(bo),
        body=b'{"id": "7d1c',
        code="unreadable",
        problems=[],
        readable=False,
        now=clock.now(),
    )
    flag_all(28.1)
    Notification.objects.filter(recipient=dora).update(status="failed")
    Notification.objects.filter(recipient=ben).update(status="sent", sent_at=factories.at(28))


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("board", "/"),
        ("review", "/review"),
        ("reports", "/reports"),
        ("handover", "/handover"),
        ("password", "/accounts/password/change/"),
        ("nowhere", "/alerts/0b5c6b5e-3f1f-4a43-9a0e-3c3b3a4f1d7e"),
    ],
)
def test_pages_have_no_barrier(busy: None, ben: User, sit_down: SitDown, name: str, address: str) -> None:
    desk = sit_down(ben)
    desk.page.goto(address)

    desk.examine(name)


def test_letters_twice_as_large_lose_nothing(busy: None, ben: User, sit_down: SitDown) -> None:
    page = sit_down(ben).page
    refused = f"/reports/{Quarantine.objects.get().uuid}"
    for address in ("/", "/review", "/reports", refused, "/handover", "/accounts/password/change/"):
        page.goto(address)
        page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true })")
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (address, width)


@pytest.mark.parametrize("rule", ["BLADDER", "BLEED-OOZE", "UNREADABLE"])
def test_alert_pages_have_no_barrier(busy: None, ben: User, sit_down: SitDown, rule: str) -> None:
    from recovery.models import Alert

    desk = sit_down(ben)
    desk.page.goto(page_of(Alert.objects.get(rule=rule)))

    desk.examine(f"alert-{rule.lower()}")


def test_an_empty_board_has_no_barrier(ben: User, sit_down: SitDown) -> None:
    sit_down(ben).examine("empty")


def test_a_refused_form_has_no_barrier(busy: None, ben: User, sit_down: SitDown) -> None:
    desk = sit_down(ben)
    desk.page.goto(page_of(alert_of("BLADDER")))
    desk.page.get_by_role("button", name="Close alert").click()

    desk.examine("refused")


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("sign-in", "/accounts/login/"),
        ("reset", "/accounts/password/reset/"),
        ("sign-up", "/accounts/signup/"),
        ("bad-link", "/accounts/password/reset/key/1-x/"),
    ],
)
def test_account_pages_have_no_barrier(ben: User, sit_down: SitDown, name: str, address: str) -> None:
    desk = sit_down(ben, signed_in=False)
    desk.page.goto(address)

    desk.examine(name)
