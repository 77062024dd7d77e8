"""A server that answers nothing is given up, by whoever waits for it, and asked again once it has had a rest."""

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, connection

from config.postgres import base
from recovery.breaker import Breaker
from services import ports
from tests.system import System
from tests.waiting import wait_until


@pytest.fixture(autouse=True)
def _breaker(monkeypatch):
    """A closed one of this test's own, which rests for long."""
    monkeypatch.setattr(base, "breaker", Breaker(failures=1, seconds=600))


@pytest.mark.slow
def test_a_statement_is_given_up_and_its_connection_with_it(monkeypatch, django_db_blocker):
    with django_db_blocker.unblock(), System(own_postgres=True) as system, system.django():
        monkeypatch.setattr(base, "breaker", Breaker(failures=1, seconds=0.5))
        connection.ensure_connection()
        system.freeze("postgres")
        with monkeypatch.context() as impatient:
            impatient.setattr(base, "longest_wait_s", lambda: 0.5)
            with pytest.raises(OperationalError, match="timeout"):
                connection.cursor().execute("SELECT 1")
        assert connection.connection.closed

        system.thaw("postgres")
        connection.close()
        wait_until(base.breaker.allows)
        connection.ensure_connection()
        assert connection.is_usable()


def test_whoever_comes_next_is_told_at_once():
    base.breaker.failed()
    with pytest.raises(psycopg.OperationalError, match="asked again soon"):
        base.Driver.connect(host=ports.HOST, port=ports.free())


def test_a_server_that_is_gone_or_says_no_is_asked_every_time():
    for _ in range(3):
        with pytest.raises(psycopg.OperationalError, match="refused"):
            base.Driver.connect(host=ports.HOST, port=ports.free())


def test_the_server_has_the_first_word():
    """Its own time-outs say what was the matter, and keep the connection."""
    assert base.longest_wait_s() > settings.STATEMENT_TIMEOUT_MS / 1000
    assert settings.DATABASES["default"]["OPTIONS"]["connect_timeout"] < base.longest_wait_s()


def test_migrations_wait_as_long_as_it_takes():
    assert settings.DATABASES["owner"]["ENGINE"] == "django.db.backends.postgresql"
