"""`make safety-case`: writes docs/safety-case.md from docs/hazards.yaml and the marks in the tests.

A test that shows that a control works is marked `@pytest.mark.hazard("HZ2.1")`. `tests/security/test_safety_case.py`
fails when a control has no test, a mark names no control, or the page is not what would be written.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import yaml

from services.children import ROOT

HAZARDS = ROOT / "docs/hazards.yaml"
PAGE = ROOT / "docs/safety-case.md"

HEAD = """# Safety case

Made by `make safety-case` from [the hazard log](hazards.yaml) and the marks in the tests: do not edit. Each hazard with
its score before and with the controls, and each control with the code that does it and the tests that show it. The
release is that of [CHANGELOG.md](../CHANGELOG.md) in which this page lies: **{release}**.

Owner of every row: the Clinical Safety Officer (to be named by whoever puts this into service). A residual risk of 3
has to be accepted by them in writing. The clinical content is a draft that no clinician has signed yet.
"""


def hazards() -> list[dict[str, Any]]:
    return list(yaml.safe_load(HAZARDS.read_text()))


@cache
def marked() -> dict[str, list[str]]:
    """The tests that bear the mark of each control."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        source = path.read_text()
        if "mark.hazard(" not in source:
            continue
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for control in _marks_of(node):
                    found[control].append(f"{path.relative_to(ROOT)}::{node.name}")
    return dict(found)


def _marks_of(test: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for decorator in test.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.hazard":
            yield from (str(ast.literal_eval(argument)) for argument in decorator.args)


def release() -> str:
    """The newest heading of the changelog."""
    lines = (ROOT / "CHANGELOG.md").read_text().splitlines()
    return next(line.removeprefix("## ") for line in lines if line.startswith("## "))


def page() -> str:
    tests = marked()
    return HEAD.format(release=release()) + "".join(f"\n{_section(hazard, tests)}" for hazard in hazards())


def _section(hazard: Mapping[str, Any], tests: Mapping[str, list[str]]) -> str:
    lines = [
        f"## {hazard['id']}. {hazard['hazard']}",
        "",
        f"Harm: {hazard['harm']}. Before: {hazard['before']}. With the controls: {hazard['after']}.",
        "",
        "| | Control | Code | Tests |",
        "|---|---|---|---|",
    ]
    for control in hazard["controls"]:
        shown = "<br>".join(f"`{test}`" for test in tests.get(control["id"], []))
        lines.append(f"| {control['id']} | {control['control']} | `{control['code']}` | {shown} |")
    if "not_yet" in hazard:
        lines += ["", f"Not yet there: {hazard['not_yet']}."]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    PAGE.write_text(page())
