"""The tier of a rule, branch by branch, and the texts that go with each tier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any as AnyValue

from recovery.clinical.conditions import Condition, Node, Parser, Vocabulary, never_holds, satisfiable
from recovery.clinical.problems import Problem
from recovery.clinical.protocol.model import Branch, Texts
from recovery.clinical.protocol.reading import Reading
from recovery.clinical.tiers import Tier

_TIERS = frozenset(tier.code for tier in Tier) - {"none"}


def read_branches(
    raw: AnyValue, when: Node | None, place: str, vocabulary: Vocabulary, reading: Reading
) -> list[Branch]:
    """`same_day`, or a list of `tier: condition` that ends with a plain tier."""
    steps = raw if isinstance(raw, list) else [raw]
    branches: list[Branch] = []
    passed: list[tuple[Node, bool]] = [] if when is None else [(when, True)]
    for index, step in enumerate(steps):
        here = f"{place}[{index}]" if isinstance(raw, list) else place
        code, condition = (
            next(iter(step.items())) if isinstance(step, dict) and len(step) == 1 else (step, None)
        )
        if not isinstance(code, str) or code not in _TIERS:
            reading.note(here, f"{code!r} is not a tier of a finding")
            continue
        last = index == len(steps) - 1
        if last != (condition is None):
            reading.note(here, "the last one, and no other, stands without a condition")
            continue
        node = None
        if condition is not None:
            node = Parser(vocabulary, reading.problems).parse(condition, f"{here}.{code}")
            if node is None:
                continue
            _check_reached(node, passed, f"{here}.{code}", reading)
            passed.append((node, False))
        elif not satisfiable(passed):
            reading.note(here, "is never reached: the tiers before it take every case")
        branches.append(Branch(Tier.of(code), Condition(node) if node else None))
    return branches


def _check_reached(node: Node, passed: Sequence[tuple[Node, bool]], place: str, reading: Reading) -> None:
    problems: list[Problem] = never_holds(node)
    if problems:
        reading.problems += problems
    elif not satisfiable([*passed[:1], (node, True)]):
        reading.note(place, "can never hold when the rule holds")
    elif not satisfiable([*passed, (node, True)]):
        reading.note(place, "is never reached: a tier before it takes every such case")


def read_patient_texts(raw: AnyValue, tiers: set[Tier], stepped: bool, place: str, reading: Reading) -> Texts:
    """One text, or one for each of some tiers and one `otherwise`."""
    if not isinstance(raw, dict):
        return Texts({}, reading.text(raw, place))
    possible = tiers | ({tier.one_step_higher for tier in tiers} if stepped else set())
    by_tier: dict[Tier, str] = {}
    for code, text in raw.items():
        if code == "otherwise":
            continue
        if code not in _TIERS or Tier.of(code) not in possible:
            reading.note(f"{place}.{code}", "the rule never has this tier")
            continue
        by_tier[Tier.of(code)] = reading.text(text, f"{place}.{code}")
    if not raw.get("otherwise") and possible - by_tier.keys():
        reading.note(f"{place}.otherwise", "is missing, and some tiers have no text")
        return Texts(by_tier, "")
    return Texts(by_tier, reading.text(raw["otherwise"], f"{place}.otherwise") if "otherwise" in raw else "")
