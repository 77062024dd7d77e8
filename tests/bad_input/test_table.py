"""Each row of the table of bad input has a test that begins with its number."""

import re
from importlib import import_module
from pathlib import Path

import pytest

ROWS = range(1, 43)
ELSEWHERE = [
    "tests.browser.test_reports:test_what_came_cannot_act_hide_or_turn_the_page",  # B34: bidi controls isolated
    "tests.api.test_wire:test_what_is_malformed_gets_one_refusal",  # lengths and chunks that do not fit
    "tests.operations.test_scanning:test_no_text_ends_it",  # whatever is no JSON
]
"""What the rows lean on beyond this folder."""


def _tests_here() -> set[str]:
    modules = [
        import_module(f"{__package__}.{path.stem}") for path in Path(__file__).parent.glob("test_*.py")
    ]
    return {name for module in modules for name in vars(module) if name.startswith("test_")}


@pytest.mark.parametrize("row", ROWS)
def test_every_row_has_a_test_of_its_own(row: int) -> None:
    assert [name for name in _tests_here() if name.startswith(f"test_b{row:02}_")]


def test_no_test_is_for_a_row_that_there_is_none_of() -> None:
    numbers = {int(found[1]) for name in _tests_here() if (found := re.match(r"test_b(\d\d)_", name))}

    assert numbers == set(ROWS)


@pytest.mark.parametrize("place", ELSEWHERE)
def test_what_is_tested_elsewhere_is_there(place: str) -> None:
    module, _, name = place.partition(":")

    assert callable(getattr(import_module(module), name))
