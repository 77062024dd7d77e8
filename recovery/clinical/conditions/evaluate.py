"""A condition compiled to closures: judging a check-in runs about a hundred of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any as AnyValue

from recovery.clinical.conditions.nodes import All, Any, Fired, Named, Node, Not, Op, Operand, Some, Test
from recovery.clinical.facts.temperature import PairedLimit
from recovery.clinical.tiers import Tier


@dataclass(slots=True)
class View:
    """The values a condition is evaluated on. What is missing is absent or None."""

    answers: Mapping[str, AnyValue]
    facts: Mapping[str, AnyValue]
    risks: frozenset[str]
    fired: dict[str, Tier]

    def value(self, test: Test) -> AnyValue:
        subject = test.subject
        if subject.source == "risk":
            return subject.name in self.risks
        return (self.answers if subject.source == "answer" else self.facts).get(subject.name)


Holds = Callable[[View], bool]


class Condition:
    """A tree and its compiled form; call it with a view."""

    __slots__ = ("holds", "node")

    def __init__(self, node: Node) -> None:
        self.node = node
        self.holds: Holds = compiled(node)

    def __call__(self, view: View) -> bool:
        return self.holds(view)


def predicate(op: Op, operand: Operand) -> Callable[[AnyValue], bool]:
    """The question a test asks of a value that is present."""
    if isinstance(operand, PairedLimit):
        return _against_pair(op, operand)
    if isinstance(operand, Some):
        codes, at_least = operand.codes, operand.at_least
        return lambda value: len(value & codes) >= at_least
    questions: dict[Op, Callable[[AnyValue], bool]] = {
        "eq": lambda value: value == operand,
        "in": lambda value: value in operand,  # type: ignore[operator]
        "only": lambda value: value == operand,
        "ge": lambda value: value >= operand,
        "gt": lambda value: value > operand,
        "le": lambda value: value <= operand,
        "lt": lambda value: value < operand,
        "known": lambda value: True,
    }
    return questions[op]


def _against_pair(op: Op, limit: PairedLimit) -> Callable[[AnyValue], bool]:
    in_c, in_f = predicate(op, limit.c), predicate(op, limit.f)
    return lambda reading: in_c(reading.value) if reading.unit == "C" else in_f(reading.value)


def compiled(node: Node) -> Holds:
    match node:
        case Test():
            return _compiled_test(node)
        case All(parts=parts):
            return _compiled_all([compiled(part) for part in parts])
        case Any(parts=parts):
            return _compiled_any([compiled(part) for part in parts])
        case Not(part=part):
            inner = compiled(part)
            return lambda view: not inner(view)
        case Named(part=part):
            return compiled(part)
        case Fired(rule=rule):
            return lambda view: rule in view.fired


def _compiled_all(holds: list[Holds]) -> Holds:
    def all_hold(view: View) -> bool:
        for one in holds:  # noqa: SIM110  (a generator costs three times as much on this path)
            if not one(view):
                return False
        return True

    return all_hold


def _compiled_any(holds: list[Holds]) -> Holds:
    def any_holds(view: View) -> bool:
        for one in holds:  # noqa: SIM110
            if one(view):
                return True
        return False

    return any_holds


def _compiled_test(test: Test) -> Holds:
    name = test.subject.name
    if test.subject.source == "risk":
        return lambda view: name in view.risks
    asks = predicate(test.op, test.operand)
    if test.subject.source == "answer":

        def of_answer(view: View) -> bool:
            value = view.answers.get(name)
            return value is not None and asks(value)

        return of_answer

    def of_fact(view: View) -> bool:
        value = view.facts.get(name)
        return value is not None and asks(value)

    return of_fact
