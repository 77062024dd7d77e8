import os
from collections.abc import Callable

import psycopg
import pytest

from tests.escalation import scenes
from tests.escalation.scenes import Ward
from tests.notifications.conftest import mailbox

__all__ = ["mailbox"]


@pytest.fixture
def as_owner(transactional_db: None) -> Callable[[str], None]:
    """Do what the application's role may not."""

    def run(statement: str) -> None:
        with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as owner:
            owner.execute(statement)

    return run


@pytest.fixture
def ward(db: None) -> Ward:
    return scenes.ward()
