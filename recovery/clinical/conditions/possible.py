"""Can a condition hold at all? Asked of every condition when a document is loaded.

Each subject gets a finite set of values that stand for all it can have: every code, every set of codes,
every whole number, or the bounds it is compared with and the values just beside them, and "missing". On
these the tests themselves are asked, so the check cannot read a comparison differently from the judgement.
Relations between different subjects are not considered.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any as AnyValue

from recovery.clinical.conditions.evaluate import predicate
from recovery.clinical.conditions.nodes import All, Any, Fired, Named, Node, Not, Subject, Test, leaves_of
from recovery.clinical.facts.registry import Choice, Flag, Number, Several
from recovery.clinical.facts.temperature import PLAUSIBLE, PairedLimit, Temperature
from recovery.clinical.problems import Problem

Goal = tuple[Node, bool]
Domains = dict[Subject, tuple[AnyValue, ...]]

_BESIDE = 0.001
_SMALL_RANGE = 200


def satisfiable(goals: Sequence[Goal]) -> bool:
    """Whether some values make every node come out as wanted."""
    thresholds: dict[Subject, list[Test]] = {}
    for node, _ in goals:
        for test in leaves_of(node):
            thresholds.setdefault(test.subject, []).append(test)
    return _solve(list(goals), {subject: _domain(subject, tests) for subject, tests in thresholds.items()})


def never_holds(node: Node, under: Sequence[Goal] = ()) -> list[Problem]:
    """The smallest parts of a condition that no check-in can fulfil, given what surrounds it."""
    if isinstance(node, All):
        alone = [problem for part in node.parts for problem in never_holds(part)]
        if alone:
            return alone
        if not satisfiable([(node, True)]):
            return [Problem(node.place, "these can never hold together")]
    if isinstance(node, Any):
        return [problem for part in node.parts for problem in never_holds(part, under)]
    if not satisfiable([(node, True)]):
        return [Problem(node.place, "this can never hold")]
    if not satisfiable([(node, True), *under]):
        return [Problem(node.place, "this can never hold together with what surrounds it")]
    if isinstance(node, All):
        return [
            problem
            for index, part in enumerate(node.parts)
            if isinstance(part, Any)
            for problem in never_holds(
                part, [*under, *((other, True) for i, other in enumerate(node.parts) if i != index)]
            )
        ]
    return []


def _solve(goals: list[Goal], domains: Domains) -> bool:
    choices: list[list[Goal]] = []
    domains = dict(domains)
    while goals:
        node, wanted = goals.pop()
        match node:
            case Test():
                left = tuple(value for value in domains[node.subject] if _comes_out(node, value) == wanted)
                if not left:
                    return False
                domains[node.subject] = left
            case Not(part=part):
                goals.append((part, not wanted))
            case Named(part=part) | Fired(part=part):
                goals.append((part, wanted))
            case All(parts=parts) | Any(parts=parts):
                branches: list[Goal] = [(part, wanted) for part in parts]
                if isinstance(node, All) == wanted:
                    goals.extend(branches)
                else:
                    choices.append(branches)
    if not choices:
        return True
    first, *rest = choices
    # What is still to be chosen is kept as one node per choice, so each branch starts from a narrowed domain.
    later: list[Goal] = [(Any(tuple(_as_node(goal) for goal in choice)), True) for choice in rest]
    return any(_solve([goal, *later], domains) for goal in first)


def _as_node(goal: Goal) -> Node:
    node, wanted = goal
    return node if wanted else Not(node)


def _comes_out(test: Test, value: AnyValue) -> bool:
    if test.subject.source == "risk":
        return bool(value)
    return value is not None and predicate(test.op, test.operand)(value)


def _domain(subject: Subject, tests: Iterable[Test]) -> tuple[AnyValue, ...]:
    missing: tuple[AnyValue, ...] = () if subject.always else (None,)
    match subject.kind:
        case Choice(values=values):
            return (*values, *missing)
        case Several(values=values):
            subsets = (
                frozenset(some) for size in range(len(values) + 1) for some in combinations(values, size)
            )
            return (*subsets, *missing)
        case Flag():
            return (True, False, *missing)
        case Number() as number:
            return (*_numbers(number, [test.operand for test in tests]), *missing)
        case _:
            return (*_readings([test.operand for test in tests]), *missing)


def _numbers(number: Number, bounds: Iterable[object]) -> list[float]:
    low, high, step = number.low, number.high, 1.0 if number.whole else _BESIDE
    if number.whole and high - low <= _SMALL_RANGE:
        return [float(value) for value in range(int(low), int(high) + 1)]
    points = {low, high}
    for bound in bounds:
        if isinstance(bound, (int, float)):
            points |= {bound - step, float(bound), bound + step}
    return sorted(point for point in points if low <= point <= high)


def _readings(limits: Iterable[object]) -> list[Temperature]:
    readings = []
    for unit, (low, high) in PLAUSIBLE.items():
        bounds = [limit.in_unit(unit) for limit in limits if isinstance(limit, PairedLimit)]
        readings += [Temperature(value, unit) for value in _numbers(Number(low, high, whole=False), bounds)]
    return readings
