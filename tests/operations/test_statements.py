"""The statements of the hot path are prepared once and keep their plan (docs/adr/0006-one-writing-statement.md)."""

from pathlib import Path

import pytest
from django.db import OperationalError, ProgrammingError, connection, transaction

from recovery import checkins, statements
from tests import factories


def _prepared() -> list[tuple[str, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT parameter_types::text, generic_plans, custom_plans FROM pg_prepared_statements"
            " WHERE statement LIKE '%%recovery_checkin%%'"
        )
        return list(cursor.fetchall())


@pytest.mark.django_db(transaction=True)
def test_three_check_ins_share_one_plan_each_for_reading_and_writing() -> None:
    episode = factories.episode()
    connection.close()  # and so what it had prepared
    for hours in (20, 21, 22):
        device, _ = factories.phone(episode)
        checkins.submit(device=device, submission=factories.submission(hours), now=factories.at(hours))
    reading_and_writing = _prepared()
    assert len(reading_and_writing) == 2
    for types, generic, custom in reading_and_writing:
        assert "smallint" not in types
        assert "integer" not in types
        assert (generic, custom) == (3, 0)


@pytest.mark.django_db
def test_errors_are_those_of_django() -> None:
    with pytest.raises(ProgrammingError), transaction.atomic():
        statements.fetch_all("SELECT nothing FROM nowhere", [])
    assert statements.fetch_one("SELECT %s::int WHERE %s::int > 5", [1, 2]) is None


def _lose_the_connection() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    killer = connection.copy()
    with killer.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    killer.close()


def _begin_a_request() -> None:
    connection.close_if_unusable_or_obsolete()


@pytest.mark.django_db(transaction=True)
def test_a_lost_connection_is_one_error_and_then_a_new_connection() -> None:
    _lose_the_connection()
    with pytest.raises(OperationalError):
        statements.fetch_one("SELECT 1", [])
    connection.close()
    assert statements.fetch_one("SELECT 1", []) == (1,)


@pytest.mark.django_db(transaction=True)
def test_what_comes_first_in_a_request_asks_nothing_beforehand(tmp_path: Path) -> None:
    """Seen on the wire: the check of the connection's health passes every other count of statements by."""
    statements.fetch_first("SELECT 1", [])
    _begin_a_request()
    sent = tmp_path / "sent"
    with sent.open("w") as wire:
        connection.connection.pgconn.trace(wire.fileno())
        statements.fetch_first("SELECT 1", [])
        statements.fetch_one("SELECT 1", [])
        connection.connection.pgconn.untrace()
    assert sent.read_text().count("\tSync") == 2
    assert "\tQuery\t" not in sent.read_text()


@pytest.mark.django_db(transaction=True)
def test_what_comes_first_is_asked_again_where_the_connection_was_lost_since_the_last_request() -> None:
    connection.ensure_connection()
    _begin_a_request()
    _lose_the_connection()
    _begin_a_request()
    assert statements.fetch_first("SELECT 1", []) == (1,)


@pytest.mark.django_db(transaction=True)
def test_what_comes_first_and_cannot_be_answered_keeps_its_error_and_its_connection() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 50")
    before = connection.connection
    _begin_a_request()
    with pytest.raises(OperationalError, match="statement timeout"):
        statements.fetch_first("SELECT pg_sleep(5)", [])
    assert connection.connection is before
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_what_is_not_first_any_more_is_not_sent_twice() -> None:
    connection.ensure_connection()
    _begin_a_request()
    statements.fetch_first("SELECT 1", [])
    _lose_the_connection()
    with pytest.raises(OperationalError):
        statements.fetch_first("SELECT 1", [])
    connection.close()
