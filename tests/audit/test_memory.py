"""S51, S52: the auditor finds by itself that the audit cannot be written, waits too long, was changed or cut off."""

import logging
from datetime import timedelta

import psycopg
import pytest
from django.db import connection

from recovery import clock
from recovery.auditor import looking, memory
from recovery.models import AuditBatch
from tests.audit.conftest import Administrator
from tests.audit.test_chain import DAMAGE, LAST, seal, write
from tests.audit.test_looks import BROKEN, MENDED
from tests.factories import T0

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(1_300)]


def found(*, later: timedelta = timedelta()) -> set[str]:
    look = looking.look(now=T0, programs=["watch"], later=later)
    return {each.kind for each in (*look.standing, *look.suspected)} - {"program-silent"}


def test_what_is_as_it_was_written_is_no_finding() -> None:
    write("one")
    seal()

    assert [found(), found()] == [set(), set()]


@pytest.mark.parametrize("how", DAMAGE)
def test_s51_whatever_is_changed_is_found_within_some_looks(administrator: Administrator, how: str) -> None:
    for part in (["one", "two"], ["three"], ["four", "five"]):
        write(*part)
        seal()
    assert found() == set()

    administrator(DAMAGE[how])

    assert "audit-altered" in found() | found() | found()


def test_s51_the_end_that_was_cut_off_between_two_looks_is_found(administrator: Administrator) -> None:
    for part in ("one", "two"):
        write(part)
        seal()
    assert found() == set()

    administrator(
        "DELETE FROM recovery_auditbatch WHERE number = (SELECT max(number) FROM recovery_auditbatch)"
    )
    administrator(f"DELETE FROM recovery_auditevent WHERE id = {LAST}")
    write("as if nothing had been")
    seal()

    assert "audit-cut-off" in found()
    assert "audit-cut-off" in found()  # and stays one


def test_s51_the_log_is_told_the_end_once_an_hour(caplog: pytest.LogCaptureFixture) -> None:
    write("one")
    seal()

    with caplog.at_level(logging.INFO):
        for minutes in (0, 10, 61):
            found(later=timedelta(minutes=minutes))

    last = AuditBatch.objects.order_by("-number").first()
    assert last is not None
    said = [record.getMessage() for record in caplog.records if "bound until" in record.getMessage()]
    assert said == [f"audit: bound until batch {last.number}, seal {last.seal}"] * 2


def test_a_transaction_that_holds_the_chain_back_is_an_alarm_after_ten_minutes(
    second_writer: psycopg.Connection,
) -> None:
    write("one")
    seal()
    second_writer.execute(
        "INSERT INTO recovery_auditevent (at, what, subject, detail) VALUES (now(), 'slow', '', '{}')"
    )
    write("two")

    assert found() == set()
    assert found(later=timedelta(minutes=11)) == {"audit-unbound"}
    second_writer.rollback()
    seal()
    assert found() == set()


def test_s52_that_nothing_can_be_remembered_is_an_alarm(administrator: Administrator) -> None:
    administrator(BROKEN)
    try:
        assert "audit-unwritable" in found()
    finally:
        administrator(MENDED)
    assert found() == set()


def test_s52_without_the_right_to_write_it_nothing_is_done(administrator: Administrator) -> None:
    """Under the application's own role."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        [(app,)] = cursor.fetchall()
    administrator(f'REVOKE INSERT ON recovery_auditevent FROM "{app}"')
    try:
        assert "audit-unwritable" in found()
    finally:
        administrator(f'GRANT INSERT ON recovery_auditevent TO "{app}"')


def test_a_quiet_clinic_is_no_alarm() -> None:
    """Nothing has been written for hours, and so nothing was bound."""
    write("one")
    seal()

    assert found(later=timedelta(hours=5)) == set()


@pytest.mark.django_db(transaction=True)
def test_a_clock_that_was_ahead_once_stops_no_binding(monkeypatch: pytest.MonkeyPatch) -> None:
    right = clock.real()
    write("first")
    monkeypatch.setattr(clock, "real", lambda: right + timedelta(days=30))
    seal()
    monkeypatch.setattr(clock, "real", lambda: right + timedelta(minutes=1))
    write("second")

    assert [found.kind for found in memory.unbound(clock.real())] == ["audit-unbound"]
    seal()
    assert list(memory.unbound(clock.real())) == []
