"""Each row of the security checklist has a test, or a line in docs/security.md that says why there is none."""

import ast
import re
from functools import cache
from importlib import import_module

import pytest

from services.children import ROOT
from tests.security.rows import ELSEWHERE

ROWS = [f"S{number}" for number in range(1, 62)]
PAGE = (ROOT / "docs/security.md").read_text()
PLACES = [place for places in ELSEWHERE.values() for place in places]


@cache
def by_name() -> dict[str, list[str]]:
    """Tests whose names begin with the numbers of rows: `test_s26_...`, `test_s22_s23_...`."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and (named := re.match(r"test_((?:s\d\d_)+)", node.name)):
                for number in re.findall(r"\d\d", named[1]):
                    found.setdefault(f"S{int(number)}", []).append(f"{path.name}::{node.name}")
    return found


def lines_without_test() -> dict[str, str]:
    """Of the page's table of what does not apply or is not there yet."""
    table = PAGE.partition("## Rows without a test")[2]
    return dict(re.findall(r"^\| (S\d+) \| (.{20,}?) \|$", table, re.MULTILINE))


@pytest.mark.parametrize("row", ROWS)
def test_every_row_has_a_test_or_a_line_that_says_why_not(row: str) -> None:
    assert row in by_name() or row in ELSEWHERE or row in lines_without_test()


@pytest.mark.parametrize("place", PLACES)
def test_what_is_tested_elsewhere_is_there(place: str) -> None:
    module, _, name = place.partition(":")

    assert callable(getattr(import_module(module), name))


def test_no_test_and_no_line_is_for_a_row_that_there_is_none_of() -> None:
    assert {*by_name(), *ELSEWHERE, *lines_without_test()} <= set(ROWS)


def test_the_page_names_only_files_that_are_there() -> None:
    named = re.findall(r"`((?:recovery|config|deploy|tests|docs|\.ci)/[\w./-]+)`", PAGE)

    assert len(named) > 20
    assert [path for path in named if not (ROOT / path).exists()] == []
