"""The names a condition may use."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Any as AnyValue

from recovery.clinical.conditions.nodes import Fired, Named, Subject
from recovery.clinical.facts.temperature import PairedLimit


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


def names_one(raw: AnyValue, names: Container[str]) -> bool:
    return isinstance(raw, str) and raw in names
