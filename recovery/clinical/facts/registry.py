"""The facts a rule may name: each one a function, its possible values and its definition in words.

The loader reads from here what a comparison may ask, so a rule cannot name a fact that nobody computes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from recovery.clinical.facts.case import Case


@dataclass(frozen=True, slots=True)
class Number:
    """A number between two bounds, both possible."""

    low: float
    high: float
    unit: str = ""
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Choice:
    """Exactly one of these words."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Several:
    """Any of these words, or none of them."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""


@dataclass(frozen=True, slots=True)
class Degrees:
    """A temperature: value and unit."""


Kind = Number | Choice | Several | Flag | Degrees


@dataclass(frozen=True, slots=True)
class Fact:
    """`words` names the value in a sentence; `always` says that it is never missing."""

    name: str
    kind: Kind
    words: str
    definition: str
    always: bool
    of: Callable[[Case], Any]


_facts: dict[str, Fact] = {}
CHECK_IN_FACTS: Final[Mapping[str, Fact]] = MappingProxyType(_facts)


def fact(
    kind: Kind, words: str, *, always: bool = False
) -> Callable[[Callable[[Case], Any]], Callable[[Case], Any]]:
    """Register a function as a fact under its own name; its docstring is the definition."""

    def register(function: Callable[[Case], Any]) -> Callable[[Case], Any]:
        name = function.__name__
        assert name not in _facts, name
        assert function.__doc__, name
        _facts[name] = Fact(name, kind, words, " ".join(function.__doc__.split()), always, function)
        return function

    return register
