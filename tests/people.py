"""Fixtures for whoever stands in many scenes: a conftest takes them by their names."""

import pytest

from recovery.models import CareTeam, User
from tests import factories


@pytest.fixture
def team(db: None) -> CareTeam:
    return factories.team()


@pytest.fixture
def ben(team: CareTeam) -> User:
    return factories.member(team, "Ben Okafor")
