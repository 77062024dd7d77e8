"""The tree of a condition. Every leaf asks one thing of one subject."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any as AnyValue
from typing import Literal

from recovery.clinical.facts.registry import Kind
from recovery.clinical.facts.temperature import PairedLimit

Source = Literal["answer", "fact", "risk"]
Op = Literal["eq", "in", "ge", "gt", "le", "lt", "has", "only", "known"]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a test looks at. `words` and `labels` are for the trace; `always` says it is never missing."""

    source: Source
    name: str
    kind: Kind = field(compare=False)
    words: str = field(compare=False, default="")
    labels: Mapping[str, str] = field(compare=False, default_factory=dict)
    always: bool = field(compare=False, default=False)


@dataclass(frozen=True, slots=True)
class Some:
    """At least so many of these codes."""

    codes: frozenset[str]
    at_least: int = 1


Operand = str | bool | float | frozenset[str] | Some | PairedLimit | None


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison. False when the value is missing, whatever is asked."""

    subject: Subject
    op: Op
    operand: Operand
    place: str = field(compare=False, default="")


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Node, ...]
    place: str = field(compare=False, default="")


@dataclass(frozen=True, slots=True)
class Any:
    parts: tuple[Node, ...]
    place: str = field(compare=False, default="")


@dataclass(frozen=True, slots=True)
class Not:
    """True when the part does not hold, also when it does not because a value is missing."""

    part: Node
    place: str = field(compare=False, default="")


@dataclass(frozen=True, slots=True)
class Named:
    """A condition that the document names once and uses in several rules."""

    name: str
    words: str
    part: Node
    place: str = field(compare=False, default="")


@dataclass(frozen=True, slots=True)
class Fired:
    """An earlier rule of the document held for the same check-in. `part` is that rule's condition."""

    rule: str
    words: str
    part: Node
    place: str = field(compare=False, default="")


Node = Test | All | Any | Not | Named | Fired


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing that made a finding: what was asked, the value seen, and both in plain English."""

    what: str
    value: AnyValue
    words: str

    def to_document(self) -> dict[str, AnyValue]:
        return {"what": self.what, "value": self.value, "words": self.words}

    @classmethod
    def from_document(cls, document: Mapping[str, AnyValue]) -> Clause:
        return cls(document["what"], document["value"], document["words"])


def leaves_of(node: Node) -> Iterator[Test]:
    """Every leaf below a node, through named conditions and earlier rules as well."""
    match node:
        case Test():
            yield node
        case All(parts=parts) | Any(parts=parts):
            for part in parts:
                yield from leaves_of(part)
        case Not(part=part) | Named(part=part) | Fired(part=part):
            yield from leaves_of(part)
