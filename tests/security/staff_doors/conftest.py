"""Patient Ana, nurse Ben, admin Dee and nurse Cleo of another clinic, as on the pages' tests."""

import pytest

from tests.dashboard.conftest import ana, ben, cleo, dee, set_clock, sign_in, team

__all__ = ["ana", "ben", "cleo", "dee", "set_clock", "sign_in", "team"]


@pytest.fixture
def deeds_are_noted_seldom() -> None:
    """Here as in production: how a session lives is what these tests are about."""
