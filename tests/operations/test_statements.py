"""The statements of the hot path are prepared once and keep their plan (docs/adr/0006-one-writing-statement.md)."""

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


@pytest.mark.django_db(transaction=True)
def test_a_lost_connection_is_one_error_and_then_a_new_connection() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]
    killer = connection.copy()
    with killer.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    killer.close()
    with pytest.raises(OperationalError):
        statements.fetch_one("SELECT 1", [])
    connection.close()
    assert statements.fetch_one("SELECT 1", []) == (1,)
