"""Ben, Cleo and administrator Dee of one team; Eve leads a team of another clinic."""

import pytest

from recovery.models import CareTeam, User
from tests import factories
from tests.people import ben, team

__all__ = ["ben", "team"]


@pytest.fixture
def cleo(team: CareTeam) -> User:
    return factories.member(team, "Cleo Marsh", "doctor")


@pytest.fixture
def dee(team: CareTeam) -> User:
    return factories.member(team, "Dee Lund", "admin")


@pytest.fixture
def eve(db: None) -> User:
    return factories.member(factories.team(factories.clinic("Harbour Clinic")), "Eve Roth", "admin")
