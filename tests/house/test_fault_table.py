"""The list of faults (F1 to F40) and of operations (O1 to O12): each has a test that bears its number, or a
place where it is said to stand. A number with neither is a fault that nobody has looked at."""

import ast
import re
from collections import defaultdict
from functools import cache

import pytest

from services.children import ROOT

NUMBERS = [f"f{n:02}" for n in range(1, 41)] + [f"o{n:02}" for n in range(1, 13)]

ELSEWHERE = {
    "f33": "tests/notifications/test_lines.py",
    "f34": "tests/notifications/test_receipts.py",
    "f37": "tests/watch/test_clock.py",
    "f38": "tests/watch/test_time_zones.py",
    "f39": "tests/watch/test_outage.py",
}
"""Whole files about one number, which say so in their first lines."""


@cache
def _tests() -> dict[str, dict[str, bool]]:
    """Where a test bears a number in its name, `test_f07_...`, `test_o01_...`: and whether `make test` runs it."""
    found: dict[str, dict[str, bool]] = defaultdict(dict)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and (number := re.match(r"test_([fo]\d\d)_", node.name)):
                marks = {ast.unparse(mark) for mark in node.decorator_list}
                found[number[1]][f"{path.relative_to(ROOT)}::{node.name}"] = "long_only" not in marks
    return dict(found)


@pytest.mark.parametrize("number", NUMBERS)
def test_each_number_has_a_test_or_a_place(number: str) -> None:
    assert number in _tests() or number in ELSEWHERE, (
        f"nothing shows {number.upper()}: name a test test_{number}_..., or its place here"
    )


@pytest.mark.parametrize("number", ELSEWHERE)
def test_a_place_says_which_number_it_is_about(number: str) -> None:
    said = ast.get_docstring(ast.parse((ROOT / ELSEWHERE[number]).read_text())) or ""
    ranges = re.findall(r"\b([FO])(\d+)(?: to [FO](\d+))?", said)
    assert any(
        letter == number[0].upper() and int(first) <= int(number[1:]) <= int(last or first)
        for letter, first, last in ranges
    )


def test_no_test_bears_a_number_that_is_not_in_the_list() -> None:
    others = {f"o{n:02}" for n in (13, 14)}  # in the list, and held to elsewhere
    assert set(_tests()) <= {*NUMBERS, *others}


def test_what_takes_minutes_is_left_to_the_night_and_nothing_else_is() -> None:
    """`long_only` leaves a test to `make faults`. Hardly a number may have nothing but such tests."""
    assert {number for number, tests in _tests().items() if not any(tests.values())} <= {"f22"}
