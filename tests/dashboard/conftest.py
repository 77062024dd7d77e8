"""Patient Ana, nurse Ben of her team, nurse Cleo of another clinic, admin Dee of Ana's team. Anybody may sign in."""

from collections.abc import Callable

import pytest
from django.test import Client

from recovery import clock
from recovery.models import CareTeam, DeviceToken, User
from tests import factories
from tests.notifications.conftest import both  # noqa: F401 - the fixture, for this directory too

SetClock = Callable[[float], None]
SignIn = Callable[[User], Client]


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Make it so many hours after time zero, at every door. It is hour 28.2 unless a test says otherwise."""

    def to(hours: float) -> None:
        monkeypatch.setattr(clock, "now", lambda: factories.at(hours))

    to(28.2)
    return to


@pytest.fixture
def team(db: None, set_clock: SetClock) -> CareTeam:
    return factories.team()


@pytest.fixture
def ana(team: CareTeam) -> DeviceToken:
    return factories.phone(factories.episode(team))[0]


@pytest.fixture
def ben(team: CareTeam) -> User:
    return factories.member(team, "Ben Okafor")


@pytest.fixture
def dee(team: CareTeam) -> User:
    return factories.member(team, "Dee Lund", "admin")


@pytest.fixture
def cleo(db: None) -> User:
    return factories.member(factories.team(factories.clinic("Harbour Clinic")), "Cleo Marsh")


@pytest.fixture
def sign_in() -> SignIn:
    def client_of(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return client_of
