import os
from collections.abc import Callable

import psycopg
import pytest
from pytest_django import Settings

from tests.escalation import scenes
from tests.escalation.scenes import Ward
from tests.notifications.conftest import mailbox

__all__ = ["mailbox"]


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


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
