"""Patient Ana has a phone; Eve, a patient of another clinic, has hers. It is hour 20 unless a test says otherwise."""

from collections.abc import Callable

import pytest
from django.test import Client

from recovery import clock
from recovery.models import Episode
from tests import factories
from tests.api.phones import Phone

SetClock = Callable[[float], None]


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Make it so many hours after time zero, at every door."""

    def to(hours: float) -> None:
        monkeypatch.setattr(clock, "now", lambda: factories.at(hours))

    to(20)
    return to


@pytest.fixture
def episode(db: None, set_clock: SetClock) -> Episode:
    return factories.episode()


@pytest.fixture
def ana(episode: Episode) -> Phone:
    return Phone(factories.phone(episode)[1], Client())


@pytest.fixture
def eve(db: None, set_clock: SetClock) -> Phone:
    elsewhere = factories.team(factories.clinic("Northgate Clinic"))
    return Phone(factories.phone(factories.episode(elsewhere, name="Eve Marlow"))[1], Client())
