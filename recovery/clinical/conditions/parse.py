"""From the YAML of a condition to its tree. Collects every problem instead of stopping at the first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any as AnyValue
from typing import cast, get_args

from recovery.clinical.conditions.nodes import (
    All,
    Any,
    Fired,
    Node,
    Not,
    Op,
    Some,
    Subject,
    Test,
    leaves_of,
)
from recovery.clinical.conditions.operands import Operands, Refused
from recovery.clinical.conditions.vocabulary import names_one
from recovery.clinical.facts.registry import Several

_OPS: frozenset[str] = frozenset(get_args(Op)) - {"known"}


class Parser(Operands):
    """Reads conditions against a vocabulary; what is wrong with them lands in `problems`."""

    def parse(self, raw: AnyValue, place: str) -> Node | None:
        """The tree, or None when any part of it was refused."""
        try:
            return self._node(raw, place)
        except Refused:
            return None

    def _node(self, raw: AnyValue, place: str) -> Node:
        if not isinstance(raw, dict) or not raw:
            raise self.refuse(place, "a condition is a mapping such as {cough: blood} or {all: [...]}")
        if "fact" in raw:
            return self._fact(raw, place)
        if "not" in raw:
            return self._not(raw, place)
        if len(raw) != 1:
            raise self.refuse(
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
        raise self.refuse(
            f"{place}.{key}", "is neither a question of the questionnaire nor a form of condition"
        )

    # Combinations

    def _parts(self, raw: AnyValue, place: str) -> tuple[Node, ...]:
        if not isinstance(raw, list) or not raw:
            raise self.refuse(place, "needs a list of conditions")
        parts: list[Node] = []
        for index, part in enumerate(raw):
            try:
                parts.append(self._node(part, f"{place}[{index}]"))
            except Refused:  # go on, to tell everything at once
                continue
        if len(parts) < len(raw):
            raise Refused
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
            raise self.refuse(place, "beside `not` stands nothing but `missing: holds`")
        silent = sorted({test.subject.name for test in leaves_of(node.part) if _may_be_missing(test)})
        if silent and said is None and not isinstance(node.part, Fired):
            reason = (
                f"holds when {', '.join(silent)} is missing: write `missing: holds` beside it if it should"
            )
            raise self.refuse(f"{place}.not", reason)
        return node

    # References

    def _named(self, raw: AnyValue, place: str) -> Node:
        if names_one(raw, self.vocabulary.refused):
            raise Refused
        if not names_one(raw, self.vocabulary.named):
            raise self.refuse(place, f"no condition {raw!r} is defined before this")
        return self.vocabulary.named[raw]

    def _rule(self, raw: AnyValue, place: str) -> Node:
        if names_one(raw, self.vocabulary.rules):
            return self.vocabulary.rules[raw]
        if names_one(raw, self.vocabulary.refused):
            raise Refused
        if names_one(raw, self.vocabulary.later_rules):
            raise self.refuse(place, f"rule {raw} is not earlier in the document, so it is not judged yet")
        raise self.refuse(place, f"no rule {raw!r}")

    def _risk(self, raw: AnyValue, place: str) -> Node:
        names = raw if isinstance(raw, list) else [raw]
        for name in names:
            if not names_one(name, self.vocabulary.risks):
                raise self.refuse(place, f"no risk factor {name!r}")
        tests: list[Node] = [Test(self.vocabulary.risks[name], "known", None, place) for name in names]
        if not tests:
            raise self.refuse(place, "names no risk factor")
        return tests[0] if len(tests) == 1 else Any(tuple(tests), place)

    def _known(self, raw: AnyValue, place: str) -> Node:
        subjects = {**self.vocabulary.answers, **self.vocabulary.facts}
        if not names_one(raw, subjects):
            raise self.refuse(place, f"no fact and no question {raw!r}")
        subject = subjects[raw]
        if subject.always:
            raise self.refuse(place, f"{raw} is always known")
        return Test(subject, "known", None, place)

    # Comparisons

    def _hours(self, raw: AnyValue, place: str) -> Node:
        if "hours" not in self.vocabulary.facts:
            raise self.refuse(place, "the hour is not known here")
        subject = self.vocabulary.facts["hours"]
        if not isinstance(raw, dict):
            raise self.refuse(place, "needs a comparison such as {lt: 48}")
        return self._comparisons(subject, raw, place)

    def _fact(self, raw: dict[str, AnyValue], place: str) -> Node:
        name = raw["fact"]
        if not names_one(name, self.vocabulary.facts):
            raise self.refuse(f"{place}.fact", f"no fact {name!r}")
        asked = {key: value for key, value in raw.items() if key != "fact"}
        return self._comparisons(self.vocabulary.facts[name], asked, place)

    def _answer(self, subject: Subject, raw: AnyValue, place: str) -> Node:
        if isinstance(raw, dict):
            return self._comparisons(subject, raw, place)
        if isinstance(subject.kind, Several):
            raise self.refuse(place, "is a list: ask {has: [...]} or {only: [...]}")
        return self._comparisons(subject, {"in" if isinstance(raw, list) else "eq": raw}, place)

    def _comparisons(self, subject: Subject, asked: dict[str, AnyValue], place: str) -> Node:
        """One test per operator: `{ge: 4, lt: 8}` means both."""
        if not asked:
            raise self.refuse(place, "compares with nothing")
        at_least = asked.get("at_least")
        tests: list[Node] = []
        for op, raw in asked.items():
            if op == "at_least" and "has" in asked:
                continue
            if op not in _OPS:
                raise self.refuse(f"{place}.{op}", "is not a comparison")
            operand = self.operand(subject, cast(Op, op), raw, f"{place}.{op}")
            if isinstance(operand, Some) and at_least is not None:
                operand = Some(operand.codes, self.count(at_least, operand, f"{place}.at_least"))
            tests.append(Test(subject, cast(Op, op), operand, place))
        return tests[0] if len(tests) == 1 else All(tuple(tests), place)


def _may_be_missing(test: Test) -> bool:
    return test.op != "known" and not test.subject.always
