"""S4: whatever a program does with its one connection (transactions that end well or badly, savepoints, errors, phones
that come in between, statements by every road), the database shows what is in reach at that moment and nothing else."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from recovery import access, statements, tenancy
from recovery.models import Episode, Patient
from tests import factories
from tests.security.test_second_wall import two_clinics

__all__ = ["two_clinics"]

pytestmark = pytest.mark.django_db(transaction=True)

Step = tuple[Any, ...]
Road = Callable[[], list[str]]
NAMES = "SELECT name FROM recovery_patient WHERE name <> %s"


def by_the_orm() -> list[str]:
    return list(Patient.objects.values_list("name", flat=True))


def by_hand() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"-- SET x\n{NAMES}", ["%s"])
        return [name for (name,) in cursor.fetchall()]


def prepared() -> list[str]:
    return [name for (name,) in statements.fetch_all(NAMES, ["%s"])]


def of_many_at_once() -> list[str]:
    """A statement that is sent twice, and changes every row that it sees."""
    with connection.cursor() as cursor:
        cursor.executemany("UPDATE recovery_patient SET language = %s", [["en"], ["en"]])
    return by_hand()


def fails_by_hand() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")


def fails_prepared() -> None:
    statements.fetch_all("SELECT 1 / %s::bigint", [0])


roads = st.sampled_from([by_the_orm, by_hand, prepared, of_many_at_once])
reaches = st.sampled_from(["mine", "theirs", "nothing", "every"])
steps = st.recursive(
    st.tuples(st.just("look"), roads)
    | st.tuples(st.just("fail"), reaches, st.sampled_from([fails_by_hand, fails_prepared])),
    lambda inner: (
        st.tuples(st.just("within"), reaches, st.lists(inner, max_size=3))
        | st.tuples(st.just("transaction"), st.booleans(), st.lists(inner, max_size=3))
        | st.tuples(
            st.just("phone"), st.sampled_from(["mine", "theirs", "none"]), st.lists(inner, max_size=3)
        )
    ),
    max_leaves=8,
)


class TakenBack(Exception):
    pass


class Program:
    def __init__(self, mine: Episode, theirs: Episode) -> None:
        self.tokens = {"mine": factories.phone(mine)[1], "theirs": factories.phone(theirs)[1], "none": "none"}
        self.reaches = {
            "mine": tenancy.clinic(mine.clinic_id),
            "theirs": tenancy.clinic(theirs.clinic_id),
            "nothing": tenancy.NOTHING,
            "every": tenancy.EVERY,
        }
        self.shown = dict(
            zip(
                (reach.sql for reach in self.reaches.values()),
                (["Ana"], ["Eve"], [], ["Ana", "Eve"]),
                strict=True,
            )
        )

    def run(self, program: list[Step]) -> None:
        for what, *how in program:
            getattr(self, what)(*how)
            self.look(by_hand)

    def look(self, road: Road) -> None:
        assert sorted(road()) == self.shown[tenancy.now().sql]

    def within(self, reach: str, program: list[Step]) -> None:
        with tenancy.opened(self.reaches[reach]):
            self.run(program)

    def transaction(self, is_kept: bool, program: list[Step]) -> None:
        """A savepoint, where one is open."""
        with suppress(TakenBack), transaction.atomic():
            self.run(program)
            if not is_kept:
                raise TakenBack

    def fail(self, reach: str, statement: Callable[[], None]) -> None:
        with pytest.raises(DatabaseError), transaction.atomic(), tenancy.opened(self.reaches[reach]):
            statement()

    def phone(self, whose: str, program: list[Step]) -> None:
        """In a request of its own: what it has in reach ends with it."""
        with tenancy.opened(tenancy.now()):
            assert (access.phone(self.tokens[whose]) is None) == (whose == "none")
            assert tenancy.now() == self.reaches["nothing" if whose == "none" else whose]
            self.look(prepared)
            self.run(program)


def test_s04_what_is_shown_is_what_is_in_reach_whatever_was_done_before(
    two_clinics: tuple[Episode, Episode],
) -> None:
    program = Program(*two_clinics)

    @settings(
        max_examples=40,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(steps, max_size=3))
    @example([("within", "mine", [("transaction", False, [("look", prepared)])])])
    @example([("phone", "mine", [("transaction", False, [("within", "theirs", [])])])])
    def run(generated: list[Step]) -> None:
        with tenancy.opened(tenancy.NOTHING):
            program.run([*generated, ("transaction", True, generated)])

    run()
