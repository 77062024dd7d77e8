"""From the YAML of a condition to its tree. Collects every problem instead of stopping at the first."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import Any as AnyValue
from typing import cast, get_args

from recovery.clinical.conditions.nodes import (
    All,
    Any,
    Fired,
    Named,
    Node,
    Not,
    Op,
    Operand,
    Some,
    Subject,
    Test,
    leaves_of,
)
from recovery.clinical.facts.registry import Choice, Degrees, Flag, Number, Several
from recovery.clinical.facts.temperature import PairedLimit
from recovery.clinical.problems import Problem

_OPS: frozenset[str] = frozenset(get_args(Op)) - {"known"}


@dataclass(slots=True)
class Vocabulary:
    """The names a condition may use, and what each of them is."""

    answers: Mapping[str, Subject] = field(default_factory=dict)
    facts: Mapping[str, Subject] = field(default_factory=dict)
    risks: Mapping[str, Subject] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)
    pairs: Mapping[str, PairedLimit] = field(default_factory=dict)
    named: dict[str, Named] = field(default_factory=dict)
    rules: dict[str, Fired] = field(default_factory=dict)
    later_rules: frozenset[str] = frozenset()
    refused: set[str] = field(default_factory=set)
    """Conditions and rules with problems of their own: naming one of them is no second problem."""


class _Refused(Exception):
    """This part cannot be read; its problem has been noted."""


class Parser:
    """Reads conditions against a vocabulary; what is wrong with them lands in `problems`."""

    def __init__(self, vocabulary: Vocabulary, problems: list[Problem]) -> None:
        self.vocabulary = vocabulary
        self.problems = problems

    def parse(self, raw: AnyValue, place: str) -> Node | None:
        """The tree, or None when any part of it was refused."""
        try:
            return self._node(raw, place)
        except _Refused:
            return None

    def _refuse(self, place: str, reason: str) -> _Refused:
        self.problems.append(Problem(place, reason))
        return _Refused()

    def _node(self, raw: AnyValue, place: str) -> Node:
        if not isinstance(raw, dict) or not raw:
            raise self._refuse(place, "a condition is a mapping such as {cough: blood} or {all: [...]}")
        if "fact" in raw:
            return self._fact(raw, place)
        if "not" in raw:
            return self._not(raw, place)
        if len(raw) != 1:
            raise self._refuse(
                place, f"one thing per condition, not {len(raw)}: put them under `all` or `any`"
            )
        ((key, value),) = raw.items()
        forms: dict[str, Callable[[AnyValue, str], Node]] = {
            "all": self._all,
            "any": self._any,
            "hours": self._hours,
            "risk": self._risk,
            "known": self._known,
            "is": self._named,
            "rule": self._rule,
        }
        if key in forms:
            return forms[key](value, f"{place}.{key}")
        if key in self.vocabulary.answers:
            return self._answer(self.vocabulary.answers[key], value, f"{place}.{key}")
        raise self._refuse(
            f"{place}.{key}", "is neither a question of the questionnaire nor a form of condition"
        )

    # Combinations

    def _parts(self, raw: AnyValue, place: str) -> tuple[Node, ...]:
        if not isinstance(raw, list) or not raw:
            raise self._refuse(place, "needs a list of conditions")
        parts: list[Node] = []
        for index, part in enumerate(raw):
            try:
                parts.append(self._node(part, f"{place}[{index}]"))
            except _Refused:  # go on, to tell everything at once
                continue
        if len(parts) < len(raw):
            raise _Refused
        return tuple(parts)

    def _all(self, raw: AnyValue, place: str) -> Node:
        return All(self._parts(raw, place), place)

    def _any(self, raw: AnyValue, place: str) -> Node:
        return Any(self._parts(raw, place), place)

    def _not(self, raw: dict[str, AnyValue], place: str) -> Node:
        """`not` holds when a value is missing, which the document has to say: `missing: holds`."""
        node = Not(self._node(raw["not"], f"{place}.not"), f"{place}.not")
        said = raw.get("missing")
        if raw.keys() - {"not", "missing"} or said not in (None, "holds"):
            raise self._refuse(place, "beside `not` stands nothing but `missing: holds`")
        silent = sorted({test.subject.name for test in leaves_of(node.part) if _may_be_missing(test)})
        if silent and said is None and not isinstance(node.part, Fired):
            reason = (
                f"holds when {', '.join(silent)} is missing: write `missing: holds` beside it if it should"
            )
            raise self._refuse(f"{place}.not", reason)
        return node

    # References

    def _named(self, raw: AnyValue, place: str) -> Node:
        if _names_one(raw, self.vocabulary.refused):
            raise _Refused
        if not _names_one(raw, self.vocabulary.named):
            raise self._refuse(place, f"no condition {raw!r} is defined before this")
        return self.vocabulary.named[raw]

    def _rule(self, raw: AnyValue, place: str) -> Node:
        if _names_one(raw, self.vocabulary.rules):
            return self.vocabulary.rules[raw]
        if _names_one(raw, self.vocabulary.refused):
            raise _Refused
        if _names_one(raw, self.vocabulary.later_rules):
            raise self._refuse(place, f"rule {raw} is not earlier in the document, so it is not judged yet")
        raise self._refuse(place, f"no rule {raw!r}")

    def _risk(self, raw: AnyValue, place: str) -> Node:
        names = raw if isinstance(raw, list) else [raw]
        for name in names:
            if not _names_one(name, self.vocabulary.risks):
                raise self._refuse(place, f"no risk factor {name!r}")
        tests: list[Node] = [Test(self.vocabulary.risks[name], "known", None, place) for name in names]
        if not tests:
            raise self._refuse(place, "names no risk factor")
        return tests[0] if len(tests) == 1 else Any(tuple(tests), place)

    def _known(self, raw: AnyValue, place: str) -> Node:
        subjects = {**self.vocabulary.answers, **self.vocabulary.facts}
        if not _names_one(raw, subjects):
            raise self._refuse(place, f"no fact and no question {raw!r}")
        subject = subjects[raw]
        if subject.always:
            raise self._refuse(place, f"{raw} is always known")
        return Test(subject, "known", None, place)

    # Comparisons

    def _hours(self, raw: AnyValue, place: str) -> Node:
        if "hours" not in self.vocabulary.facts:
            raise self._refuse(place, "the hour is not known here")
        subject = self.vocabulary.facts["hours"]
        if not isinstance(raw, dict):
            raise self._refuse(place, "needs a comparison such as {lt: 48}")
        return self._comparisons(subject, raw, place)

    def _fact(self, raw: dict[str, AnyValue], place: str) -> Node:
        name = raw["fact"]
        if not _names_one(name, self.vocabulary.facts):
            raise self._refuse(f"{place}.fact", f"no fact {name!r}")
        asked = {key: value for key, value in raw.items() if key != "fact"}
        return self._comparisons(self.vocabulary.facts[name], asked, place)

    def _answer(self, subject: Subject, raw: AnyValue, place: str) -> Node:
        if isinstance(raw, dict):
            return self._comparisons(subject, raw, place)
        if isinstance(subject.kind, Several):
            raise self._refuse(place, "is a list: ask {has: [...]} or {only: [...]}")
        return self._comparisons(subject, {"in" if isinstance(raw, list) else "eq": raw}, place)

    def _comparisons(self, subject: Subject, asked: dict[str, AnyValue], place: str) -> Node:
        """One test per operator: `{ge: 4, lt: 8}` means both."""
        if not asked:
            raise self._refuse(place, "compares with nothing")
        at_least = asked.get("at_least")
        tests: list[Node] = []
        for op, raw in asked.items():
            if op == "at_least" and "has" in asked:
                continue
            if op not in _OPS:
                raise self._refuse(f"{place}.{op}", "is not a comparison")
            operand = self._operand(subject, cast(Op, op), raw, f"{place}.{op}")
            if isinstance(operand, Some) and at_least is not None:
                operand = Some(operand.codes, self._count(at_least, operand, f"{place}.at_least"))
            tests.append(Test(subject, cast(Op, op), operand, place))
        return tests[0] if len(tests) == 1 else All(tuple(tests), place)

    def _count(self, raw: AnyValue, some: Some, place: str) -> int:
        if type(raw) is not int or not 1 <= raw <= len(some.codes):
            raise self._refuse(place, f"must be a whole number from 1 to {len(some.codes)}")
        return raw

    def _operand(self, subject: Subject, op: Op, raw: AnyValue, place: str) -> Operand:
        match subject.kind:
            case Number(whole=whole) if op in ("ge", "gt", "le", "lt", "eq"):
                return self._number(raw, place, whole)
            case Degrees() if op in ("ge", "gt", "le", "lt"):
                if not _names_one(raw, self.vocabulary.pairs):
                    raise self._refuse(
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
        raise self._refuse(
            place, f"{subject.name} is {_named_kind(subject)}: it cannot be compared like this"
        )

    def _number(self, raw: AnyValue, place: str, whole: bool) -> float:
        if isinstance(raw, str):
            if raw not in self.vocabulary.numbers:
                raise self._refuse(place, f"{raw!r} is neither a number nor a setting that is one")
            return self.vocabulary.numbers[raw]
        if isinstance(raw, bool) or not isinstance(raw, (int, float)):
            raise self._refuse(place, f"{raw!r} is not a number")
        if whole and raw != int(raw):
            raise self._refuse(place, f"{raw!r} is compared with a whole number")
        return raw

    def _codes(self, subject: Subject, raw: AnyValue, values: tuple[str, ...], place: str) -> list[str]:
        if not isinstance(raw, list) or not raw:
            raise self._refuse(place, "needs a list of codes")
        for code in raw:
            if code not in values:
                raise self._refuse(place, f"{subject.name} has no value {code!r}, only {', '.join(values)}")
        return [str(code) for code in raw]


def _may_be_missing(test: Test) -> bool:
    return test.op != "known" and not test.subject.always


def _names_one(raw: AnyValue, names: Container[str]) -> bool:
    return isinstance(raw, str) and raw in names


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
