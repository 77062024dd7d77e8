import pytest

from recovery.models import Episode, User
from tests import factories
from tests.api.conftest import ana, episode, eve, set_clock
from tests.notifications.conftest import mailbox

__all__ = ["ana", "episode", "eve", "mailbox", "set_clock"]


@pytest.fixture
def ben(episode: Episode) -> User:
    return factories.member(episode.team, "Ben Okafor", password=None)
