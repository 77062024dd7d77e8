import pytest

from recovery.models import CareTeam, DeviceToken, User
from tests import factories


@pytest.fixture
def team(db: None) -> CareTeam:
    return factories.team()


@pytest.fixture
def ana(team: CareTeam) -> DeviceToken:
    device, _ = factories.phone(factories.episode(team))
    return device


@pytest.fixture
def ben(team: CareTeam) -> User:
    return factories.member(team, "Ben Okafor")
