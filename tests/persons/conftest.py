import pytest

from recovery.models import CareTeam, Patient, User
from tests import factories
from tests.notifications.conftest import mailbox
from tests.notifications.postbox import Postbox
from tests.persons import scenes

__all__ = ["mailbox"]


@pytest.fixture
def team(db: None, mailbox: Postbox) -> CareTeam:
    return factories.team()


@pytest.fixture
def ben(team: CareTeam) -> User:
    return factories.member(team, "Ben Okafor", "doctor", password=None)


@pytest.fixture
def eve(team: CareTeam, ben: User) -> Patient:
    """Of the same team, with a life of her own."""
    return scenes.lived(team, ben, scenes.EVE)


@pytest.fixture
def ana(eve: Patient, team: CareTeam, ben: User) -> Patient:
    return scenes.lived(team, ben, scenes.ANA)
