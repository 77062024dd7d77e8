"""Ben and Dora look after Ana, in a real browser. A page that breaks the content security policy, or logs an error,
fails its test. SHOTS=directory keeps a picture of every page that is examined."""

import os
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pytest_django.live_server_helper import LiveServer

from recovery.models import CareTeam, DeviceToken, User
from tests import factories
from tests.browser.desk import Desk
from tests.dashboard.conftest import SetClock
from tests.notifications.conftest import both  # noqa: F401 - the fixture, for this directory too

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SitDown = Callable[..., Desk]


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    from recovery import clock

    def to(hours: float) -> None:
        monkeypatch.setattr(clock, "now", lambda: factories.at(hours))

    to(28.2)
    return to


@pytest.fixture
def team(transactional_db: None, set_clock: SetClock) -> CareTeam:
    return factories.team()


@pytest.fixture
def ana(team: CareTeam) -> DeviceToken:
    return factories.phone(
        factories.episode(team, levels=["T12", "L1"], risk_factors=["age_65_plus", "osteoporosis"])
    )[0]


@pytest.fixture
def ben(team: CareTeam) -> User:
    return factories.member(team, "Ben Okafor")


@pytest.fixture
def dora(team: CareTeam) -> User:
    return factories.member(team, "Dora Klein", "doctor")


@pytest.fixture
def sit_down(browser: "Browser", live_server: LiveServer) -> Generator[SitDown]:
    """A desk of one person, with a browser of its own. Signed in through the form unless `signed_in=False`."""
    desks: list[Desk] = []
    shots = os.environ.get("SHOTS")

    def at_desk(user: User, *, signed_in: bool = True, **options: object) -> Desk:
        context = browser.new_context(base_url=live_server.url, **options)
        desk = Desk(context.new_page(), user, Path(shots) if shots else None)
        desks.append(desk)
        if signed_in:
            desk.sign_in()
        return desk

    yield at_desk
    for desk in desks:
        desk.page.context.close()
    complaints = [words for desk in desks for words in desk.complaints]
    assert complaints == []
