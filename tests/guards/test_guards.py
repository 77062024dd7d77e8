"""The list of guards is true to the tree, and the script sees whether a guard is missed."""

import ast
from collections import Counter

import pytest

from services.children import ROOT
from tests.guards import __main__ as script
from tests.guards.check import Finding, check, stands_once
from tests.guards.guards import GUARDS, Guard

NOTICED = next(guard for guard in GUARDS if guard.name == "a report is flagged once")
OF_NO_CONSEQUENCE = Guard(
    "words that nobody reads",
    "recovery/alerts/flagging.py",
    '"""From findings to alerts',
    '"""Of findings, alerts',
    NOTICED.test,
)


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_each_guard_stands_where_the_list_says(guard: Guard) -> None:
    assert stands_once(guard), "it has moved: say in tests/guards/guards.py where to"


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_the_test_of_each_guard_is_there(guard: Guard) -> None:
    path, _, name = guard.test.partition("::")
    tests = [
        each for each in ast.walk(ast.parse((ROOT / path).read_text())) if isinstance(each, ast.FunctionDef)
    ]
    assert not name or name in {each.name for each in tests}


def test_no_guard_is_listed_twice() -> None:
    assert max(Counter(guard.name for guard in GUARDS).values()) == 1


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_guard_that_is_missed_is_told_from_one_that_is_not() -> None:
    told = list[Finding]()
    noticed, unnoticed = check([NOTICED, OF_NO_CONSEQUENCE], at_once=2, say=told.append)

    assert noticed.noticed_by == ("test_flagging_twice_does_it_once",)
    assert not unnoticed.is_noticed
    assert not unnoticed.trouble
    assert len(told) == 2


def test_a_guard_that_is_not_where_the_list_says_counts_as_unnoticed(monkeypatch, capsys) -> None:
    gone = Guard("gone", "recovery/watch.py", "no such text", "", NOTICED.test)
    monkeypatch.setattr(script, "GUARDS", [gone])
    monkeypatch.setattr(script, "unguarded", lambda guards: [])

    assert script.main([]) == 1
    assert "UNNOTICED gone: does not stand once" in capsys.readouterr().out


def test_where_a_test_fails_with_all_guards_in_place_nothing_is_said_of_them(monkeypatch, capsys) -> None:
    monkeypatch.setattr(script, "unguarded", lambda guards: ["test_that_fails"])

    assert script.main([]) == 1
    assert "nothing can be said" in capsys.readouterr().out
