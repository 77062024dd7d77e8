"""The trace: which clauses made a condition hold, on which values, in words a nurse reads."""

from __future__ import annotations

from collections.abc import Iterator
from math import floor
from typing import Any as AnyValue

from recovery.clinical.conditions.evaluate import View, compiled
from recovery.clinical.conditions.nodes import All, Any, Clause, Fired, Named, Node, Not, Some, Subject, Test
from recovery.clinical.facts.registry import Flag, Number
from recovery.clinical.facts.temperature import PairedLimit, Temperature

_OPERATORS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than", "eq": "exactly"}


def explain(node: Node, view: View, held: bool = True) -> Iterator[Clause]:
    """The clauses that made `node` come out as `held` for this view."""
    match node:
        case Test():
            yield _clause(node, view, held)
        case All(parts=parts) | Any(parts=parts):
            # An `all` that failed and an `any` that held are explained by the parts that decided it.
            decided_by_some = isinstance(node, Any) == held
            for part in parts:
                if not decided_by_some or compiled(part)(view) == held:
                    yield from explain(part, view, held)
        case Not(part=part):
            yield from explain(part, view, not held)
        case Named(name=name, words=words, part=part):
            if held:
                yield from explain(part, view)
            else:
                yield Clause(f"not is {name}", False, f"not {words}")
        case Fired(rule=rule, words=words):
            if held:
                yield Clause(f"rule {rule}", True, f"together with: {words}")
            else:
                yield Clause(f"not rule {rule}", False, f"without: {words}")


def _clause(test: Test, view: View, held: bool) -> Clause:
    value = view.value(test)
    return Clause(("" if held else "not ") + what(test), as_json(value), _words(test, value, held))


def what(test: Test) -> str:
    """The test as the document writes it: `fact pain ge 4`."""
    subject = f"{test.subject.source} {test.subject.name}"
    match test.operand:
        case None:
            return subject if test.subject.source == "risk" else f"{subject} known"
        case Some(codes=codes, at_least=at_least):
            few = "" if at_least == 1 else f" at_least {at_least}"
            return f"{subject} has {' '.join(sorted(codes))}{few}"
        case PairedLimit(name=name):
            return f"{subject} {test.op} {name}"
        case frozenset() as codes:
            return f"{subject} {test.op} {' '.join(sorted(codes))}"
        case bool() as flag:
            return f"{subject} {test.op} {str(flag).lower()}"
        case str() as text:
            return f"{subject} {test.op} {text}"
        case number:
            return f"{subject} {test.op} {number:g}"


def as_json(value: AnyValue) -> AnyValue:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Temperature):
        return value.to_document()
    return _hundredths(value) if isinstance(value, float) else value


def _hundredths(hours: float) -> float:
    """Rounded down, so that 47.999 hours never reads as 48."""
    return floor(hours * 100) / 100


def _words(test: Test, value: AnyValue, held: bool) -> str:
    subject = test.subject
    if subject.source == "risk":
        return f"risk factor: {subject.words}" if held else f"not a risk factor: {subject.words}"
    if isinstance(subject.kind, Flag):
        return subject.words if value else f"not: {subject.words}"
    if value is None:
        return f"{subject.words}: {'not answered' if subject.source == 'answer' else 'not known'}"
    seen = _seen(subject, value)
    match test.operand:
        case PairedLimit() as limit:
            bound = f"{limit.in_unit(value.unit):.1f} °{value.unit}"
            return f"{seen}, {'' if held else 'not '}{_OPERATORS[test.op]} {bound}"
        case bool() | str() | frozenset() | None:
            return seen
        case Some():
            return seen
        case number:
            return f"{seen}, {'' if held else 'not '}{_OPERATORS[test.op]} {number:g}"


def _seen(subject: Subject, value: AnyValue) -> str:
    if isinstance(value, Temperature):
        return f"{subject.words} {value.value:.1f} °{value.unit}"
    if isinstance(subject.kind, Number):
        return f"{subject.words} {_hundredths(value):g}"
    if isinstance(value, frozenset):
        return f"{subject.words}: {', '.join(_label(subject, code) for code in sorted(value)) or 'none'}"
    return f"{subject.words}: {_label(subject, value)}"


def _label(subject: Subject, code: str) -> str:
    return subject.labels.get(code, code.replace("_", " "))
