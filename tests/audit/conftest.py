import os
from collections.abc import Callable, Iterator

import psycopg
import pytest
from django.test import Client

from recovery import clock
from recovery.audit import chain
from recovery.models import User
from services.provision import connect
from tests import factories
from tests.databases import EVERY_CLINIC, in_database
from tests.people import ben, team
from tests.services_plugin import current

__all__ = ["ben", "team"]

Administrator = Callable[[str], int]


@pytest.fixture
def administrator() -> Iterator[Administrator]:
    """What whoever holds the database's own keys can do to it, past every wall. Gives how many rows it was done to."""
    with connect(in_database(current().admin_url, os.environ["DATABASE_OWNER_URL"])) as admin:
        if admin.info.parameter_status("is_superuser") != "on":
            pytest.skip("only a superuser can do such damage")
        admin.execute("SET session_replication_role = replica")
        yield lambda sql: admin.execute(sql).rowcount


@pytest.fixture
def second_writer(transactional_db: None) -> Iterator[psycopg.Connection]:
    """Another connection of the application's."""
    with psycopg.connect(os.environ["DATABASE_URL"], options=EVERY_CLINIC) as connection:
        yield connection


@pytest.fixture(autouse=True)
def _bound_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "EVERY", factories.at(0) - factories.at(0))


@pytest.fixture
def the_day_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of whoever asks: 28 hours after the procedure."""
    monkeypatch.setattr(clock, "now", lambda: factories.at(28.2))


@pytest.fixture
def desk(ben: User) -> Client:
    client = Client()
    client.force_login(ben)
    return client
