"""What a value is compared with, and whether it can be: numbers, codes, pairs of limits."""

from __future__ import annotations

from typing import Any as AnyValue

from recovery.clinical.conditions.nodes import Op, Operand, Some, Subject
from recovery.clinical.conditions.vocabulary import Vocabulary, names_one
from recovery.clinical.facts.registry import Choice, Degrees, Flag, Number, Several
from recovery.clinical.problems import Problem


class Refused(Exception):
    """This part cannot be read; its problem has been noted."""


class Operands:
    """Reads the right-hand side of comparisons."""

    def __init__(self, vocabulary: Vocabulary, problems: list[Problem]) -> None:
        self.vocabulary = vocabulary
        self.problems = problems

    def refuse(self, place: str, reason: str) -> Refused:
        self.problems.append(Problem(place, reason))
        return Refused()

    def count(self, raw: AnyValue, some: Some, place: str) -> int:
        if type(raw) is not int or not 1 <= raw <= len(some.codes):
            raise self.refuse(place, f"must be a whole number from 1 to {len(some.codes)}")
        return raw

    def operand(self, subject: Subject, op: Op, raw: AnyValue, place: str) -> Operand:
        match subject.kind:
            case Number(whole=whole) if op in ("ge", "gt", "le", "lt", "eq"):
                return self._number(raw, place, whole)
            case Degrees() if op in ("ge", "gt", "le", "lt"):
                if not names_one(raw, self.vocabulary.pairs):
                    raise self.refuse(
                        place, f"a temperature is compared with a pair of limits, and {raw!r} is none"
                    )
                return self.vocabulary.pairs[raw]
            case Choice(values=values) if op == "eq":
                return self._codes(subject, [raw], values, place)[0]
            case Choice(values=values) if op == "in":
                return frozenset(self._codes(subject, raw, values, place))
            case Several(values=values) if op == "has":
                return Some(frozenset(self._codes(subject, raw, values, place)))
            case Several(values=values) if op == "only":
                return frozenset(self._codes(subject, raw, values, place))
            case Flag() if op == "eq" and isinstance(raw, bool):
                return raw
        raise self.refuse(place, f"{subject.name} is {_named_kind(subject)}: it cannot be compared like this")

    def _number(self, raw: AnyValue, place: str, whole: bool) -> float:
        if isinstance(raw, str):
            if raw not in self.vocabulary.numbers:
                raise self.refuse(place, f"{raw!r} is neither a number nor a setting that is one")
            return self.vocabulary.numbers[raw]
        if isinstance(raw, bool) or not isinstance(raw, (int, float)):
            raise self.refuse(place, f"{raw!r} is not a number")
        if whole and raw != int(raw):
            raise self.refuse(place, f"{raw!r} is compared with a whole number")
        return raw

    def _codes(self, subject: Subject, raw: AnyValue, values: tuple[str, ...], place: str) -> list[str]:
        if not isinstance(raw, list) or not raw:
            raise self.refuse(place, "needs a list of codes")
        for code in raw:
            if code not in values:
                raise self.refuse(place, f"{subject.name} has no value {code!r}, only {', '.join(values)}")
        return [str(code) for code in raw]


def _named_kind(subject: Subject) -> str:
    match subject.kind:
        case Number():
            return "a number"
        case Degrees():
            return "a temperature"
        case Choice():
            return "one of several words"
        case Several():
            return "a list of words"
        case Flag():
            return "true or false"
