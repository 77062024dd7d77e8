"""What was written down stays as it was written, and whoever changes it is found (S51)."""

import random
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from pytest_django import Settings

from recovery import audit
from recovery.audit import chain
from recovery.models import AuditBatch, AuditEvent
from tests.audit.conftest import Administrator
from tests.factories import T0
from tests.waiting import wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(1_300)]


def write(*whats: str) -> None:
    for what in whats:
        audit.record(what=what, now=T0)


def turn() -> int:
    return audit.seal_owed(limit=10, now=T0)


ANOTHER_TEST_S = 420.0
"""Longer than a test may last: its transaction, in another database of the server, keeps ours from being bound."""


def seal() -> int:
    """Until all is bound: whatever runs in another database of the server is waited for, too."""
    bound = 0

    def nothing_waits() -> bool:
        nonlocal bound
        bound += turn()
        last = AuditBatch.objects.order_by("-number").first()
        return (
            last is not None
            and sum(AuditBatch.objects.values_list("rows", flat=True)) == AuditEvent.objects.count()
        )

    wait_until(nothing_waits, within_s=ANOTHER_TEST_S)
    return bound


def flaws() -> list[str]:
    return [flaw.what for flaw in audit.verify()]


# --- binding -------------------------------------------------------------------------------------------------------


def test_what_is_written_is_bound_once() -> None:
    write("one", "two")
    first = seal()
    write("three")

    assert (first, seal(), turn()) == (2, 1, 0)
    assert [batch.rows for batch in AuditBatch.objects.order_by("number")] == [2, 1]
    assert flaws() == []


def test_what_waits_to_be_bound_is_no_flaw() -> None:
    write("one")
    seal()
    write("two")

    assert flaws() == []


def test_what_is_written_while_it_is_verified_is_no_flaw(second_writer: psycopg.Connection) -> None:
    write("one")
    seal()
    written = 0

    def somebody_writes(execute: Any, *statement: Any) -> Any:
        nonlocal written
        answer = execute(*statement)
        second_writer.execute(
            "INSERT INTO recovery_auditevent (at, what, subject, detail) VALUES (now(), 'busy', '', '{}')"
        )
        second_writer.commit()
        written += 1
        return answer

    with connection.execute_wrapper(somebody_writes):
        found = flaws()

    assert found == []
    assert AuditEvent.objects.filter(what="busy").count() == written > 1


def test_a_writer_that_has_not_ended_is_waited_for_and_forgotten_by_nobody(
    second_writer: psycopg.Connection,
) -> None:
    """It took its place before one that has ended already: bound without it, it would be missing for ever."""
    second_writer.execute(
        "INSERT INTO recovery_auditevent (at, what, subject, detail) VALUES (now(), 'slow', '', '{}')"
    )
    write("quick")

    before = turn()
    second_writer.commit()
    after = seal()

    assert (before, after) == (0, 2)
    assert flaws() == []


def test_two_watches_bind_nothing_twice(second_writer: psycopg.Connection) -> None:
    write("one")
    second_writer.execute("SELECT pg_advisory_xact_lock(%s)", [chain.LOCK])

    assert turn() == 0
    second_writer.rollback()
    assert seal() == 1


def test_very_much_at_once_is_bound_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "LARGEST", 3)
    write(*map(str, range(10)))

    assert seal() == 10
    assert AuditBatch.objects.count() > 2
    assert flaws() == []


def test_a_deed_that_is_undone_was_never_written() -> None:
    with transaction.atomic():
        write("undone")
        transaction.set_rollback(True)
    write("done")

    assert seal() == 1
    assert flaws() == []


# --- damage --------------------------------------------------------------------------------------------------------

LAST = "(SELECT max(id) FROM recovery_auditevent)"
FIRST = "(SELECT min(id) FROM recovery_auditevent)"
DAMAGE = {
    "another deed": f"UPDATE recovery_auditevent SET what = 'nothing' WHERE id = {FIRST}",
    "another time": f"UPDATE recovery_auditevent SET at = at + interval '1 microsecond' WHERE id = {LAST}",
    "another detail": f"""UPDATE recovery_auditevent SET detail = '{{"x": 1}}' WHERE id = {LAST}""",
    "another request": f"UPDATE recovery_auditevent SET request_id = 'other' WHERE id = {FIRST}",
    "moved to another batch": "UPDATE recovery_auditevent SET xact = (SELECT max(xact) FROM recovery_auditevent) "
    f"WHERE id = {FIRST}",
    "removed": f"DELETE FROM recovery_auditevent WHERE id = {FIRST}",
    "the last one removed": f"DELETE FROM recovery_auditevent WHERE id = {LAST}",
    "added": "INSERT INTO recovery_auditevent (at, what, subject, detail, xact) "
    "SELECT now(), 'added', '', '{}', min(xact) FROM recovery_auditevent",
    "added where no batch looks": "INSERT INTO recovery_auditevent (at, what, subject, detail, xact) "
    "SELECT now(), 'added', '', '{}', -1",
    "two exchanged": f"UPDATE recovery_auditevent SET id = CASE id WHEN {FIRST} THEN -{LAST} ELSE -{FIRST} END "
    f"WHERE id IN ({FIRST}, {LAST})",
    "a batch removed": "DELETE FROM recovery_auditbatch WHERE number = 1",
    "a batch made to fit": f"WITH gone AS (DELETE FROM recovery_auditevent WHERE id = {FIRST} RETURNING id) "
    "UPDATE recovery_auditbatch SET rows = rows - (SELECT count(*) FROM gone) WHERE number = 1",
}


@pytest.mark.parametrize("how", DAMAGE)
def test_s51_damage_is_found(administrator: Administrator, how: str) -> None:
    for part in (["one", "two"], ["three"], ["four", "five"]):
        write(*part)
        seal()
    assert flaws() == []

    assert administrator(DAMAGE[how]) >= 1

    assert flaws() != []


def test_s51_the_end_that_was_cut_off_is_found_by_a_seal_that_was_kept(
    administrator: Administrator, capsys: pytest.CaptureFixture[str]
) -> None:
    write("one")
    seal()
    write("two")
    seal()
    call_command("audit")
    kept = capsys.readouterr().out.split()[-1]
    administrator("DELETE FROM recovery_auditbatch WHERE number = 2")
    administrator(f"DELETE FROM recovery_auditevent WHERE id = {LAST}")

    call_command("audit")  # by itself the rest looks whole
    with pytest.raises(CommandError, match="cut off"):
        call_command("audit", seal=kept)


@pytest.mark.parametrize("empty", ["", " \n"])
def test_s51_a_seal_that_was_lost_is_not_taken_for_one_that_is_there(db: None, empty: str) -> None:
    """As a script gives it whose file is gone."""
    with pytest.raises(CommandError, match="--seal is empty"):
        call_command("audit", seal=empty)


def test_the_command_says_where(administrator: Administrator) -> None:
    write("one")
    seal()
    administrator(DAMAGE["another deed"])

    with pytest.raises(CommandError, match="batch 1: a row is not as it was written"):
        call_command("audit")


@pytest.mark.parametrize("statement", ["UPDATE {} SET {}", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize(("table", "change"), [("auditevent", "what = ''"), ("auditbatch", "seal = ''")])
def test_s51_the_application_may_not_rewrite_it(statement: str, table: str, change: str) -> None:
    write("one")
    seal()

    with connection.cursor() as cursor, pytest.raises(Exception, match="permission denied"):
        cursor.execute(statement.format(f"recovery_{table}", change))


# --- keys, and another server --------------------------------------------------------------------------------------


def test_a_new_key_does_not_break_the_seals_of_the_old(settings: Settings) -> None:
    write("one")
    seal()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "the new key, long enough", [settings.SECRET_KEY]
    write("two")
    seal()

    assert flaws() == []

    settings.SECRET_KEY_FALLBACKS = []
    assert any("the seal is not ours" in flaw for flaw in flaws())


@pytest.fixture
def later_server(monkeypatch: pytest.MonkeyPatch, administrator: Administrator) -> Iterator[None]:
    """As written by a server that has counted many more transactions than this one."""
    ahead = 10**9
    administrator(
        "ALTER TABLE recovery_auditevent ALTER xact SET DEFAULT pg_current_xact_id()::text::bigint + 1000000000"
    )
    monkeypatch.setattr(
        chain, "_HORIZON", chain._HORIZON.replace("::text::bigint,", f"::text::bigint + {ahead},")
    )
    yield
    administrator("ALTER TABLE recovery_auditevent ALTER xact SET DEFAULT pg_current_xact_id()::text::bigint")


def test_restored_into_a_server_that_counts_anew_the_chain_goes_on(
    later_server: None, monkeypatch: pytest.MonkeyPatch, administrator: Administrator
) -> None:
    write("one", "two")
    seal()
    write("not bound yet when it was restored")
    monkeypatch.undo()
    administrator("ALTER TABLE recovery_auditevent ALTER xact SET DEFAULT pg_current_xact_id()::text::bigint")
    monkeypatch.setattr(chain, "EVERY", -chain.EVERY)

    write("three")
    seal()
    write("four")
    seal()

    assert sum(AuditBatch.objects.values_list("rows", flat=True)) == AuditEvent.objects.count() == 5
    assert flaws() == []
    assert administrator(f"UPDATE recovery_auditevent SET what = 'x' WHERE id = {LAST}") == 1
    assert flaws() != []


def test_by_chance(administrator: Administrator) -> None:
    """Whatever row of whatever batch is touched in whatever column."""
    chance = random.Random(27)
    for number in range(12):
        write(*(f"{number}-{part}" for part in range(chance.randint(1, 4))))
        seal()
    for _ in range(10):
        row = chance.choice(AuditEvent.objects.values_list("id", flat=True))
        column = chance.choice(
            ["what = what || 'x'", "at = at + interval '1 s'", "subject = 'y'", "browser = 'z'"]
        )
        administrator(f"CREATE TABLE kept AS SELECT * FROM recovery_auditevent WHERE id = {row}")
        administrator(f"UPDATE recovery_auditevent SET {column} WHERE id = {row}")
        assert len(flaws()) == 1
        administrator(
            f"UPDATE recovery_auditevent a SET what = k.what, at = k.at, subject = k.subject, browser = k.browser "
            f"FROM kept k WHERE a.id = {row}"
        )
        administrator("DROP TABLE kept")
    assert flaws() == []
