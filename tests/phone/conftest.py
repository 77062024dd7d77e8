"""Ana is home since twenty hours, with a phone. The page is real, and so are the service and its database.
SHOTS=directory keeps a picture of every screen that is examined."""

import os
from collections.abc import Callable, Generator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pytest_django.live_server_helper import LiveServer

from recovery import clock, enrolment
from recovery.models import CareTeam, Episode
from tests import factories
from tests.phone.pocket import Pocket

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TakePhone = Callable[..., Pocket]


def enrolled(team: CareTeam, name: str = "Ana Whitfield", hours: float = 20) -> Episode:
    """The browser's clock is the real one, so the procedure was so many hours before now."""
    ended = clock.now() - timedelta(hours=hours)
    return factories.episode(
        team, name=name, procedure_at=ended, baseline_at=ended - timedelta(hours=2), now=ended
    )


def code_for(episode: Episode) -> str:
    return enrolment.issue_code(episode=episode, now=clock.now())


@pytest.fixture
def team(transactional_db: None) -> CareTeam:
    return factories.team()


@pytest.fixture
def episode(team: CareTeam) -> Episode:
    return enrolled(team)


@pytest.fixture
def take_phone(browser: "Browser", live_server: LiveServer) -> Generator[TakePhone]:
    """A phone that was never used. `offline=True` lets the page keep itself for times without a network."""
    pockets: list[Pocket] = []
    shots = os.environ.get("SHOTS")

    def new(*, offline: bool = False, **options: object) -> Pocket:
        context = browser.new_context(
            **{
                "base_url": live_server.url,
                "viewport": {"width": 390, "height": 844},
                "locale": "en-GB",
                "service_workers": "allow" if offline else "block",
            }
            | options
        )
        pockets.append(Pocket(context.new_page(), Path(shots) if shots else None))
        return pockets[-1]

    yield new
    for pocket in pockets:
        pocket.page.context.close()
    assert [words for pocket in pockets for words in pocket.complaints] == []


@pytest.fixture
def ana(take_phone: TakePhone, episode: Episode) -> Pocket:
    """Ana's phone, signed on, at the home page."""
    pocket = take_phone()
    pocket.sign_on(code_for(episode))
    return pocket
