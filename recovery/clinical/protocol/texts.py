"""Placeholders in texts. Settings are filled in when a document is loaded, telephone numbers when it is shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import ceil
from typing import Final

NUMBERS: Final = ("team_phone", "urgent_line", "emergency_number", "crisis_line")
"""What an episode's clinic must provide."""

_PLACEHOLDER = re.compile(r"\{(?P<name>\w+)(?::(?P<form>\w+))?\}")
_WORDS = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


def _counted(count: float, noun: str) -> str:
    word = _WORDS[int(count)] if count == int(count) and 0 <= count < len(_WORDS) else f"{count:g}"
    return f"{word} {noun}" if count == 1 else f"{word} {noun}s"


def _days(hours: float) -> str:
    return _counted(hours / 24, "day") if hours % 24 == 0 else f"{hours:g} hours"


def _weeks(hours: float) -> str:
    return _counted(hours / 168, "week") if hours % 168 == 0 else _days(hours)


def _first(hours: float) -> str:
    return "on the first day" if hours == 24 else f"in the first {_weeks(hours)}"


def _sore(hours: float) -> str:
    """48 is "two days", 72 "two or three days": soreness ends some time before the window does."""
    days = ceil(hours / 24)
    return "two days" if days <= 2 else f"{_WORDS[days - 1]} or {_WORDS[days]} days"


FORMS: Final[Mapping[str, Callable[[float], str]]] = {
    "days": _days,
    "weeks": _weeks,
    "first": _first,
    "sore": _sore,
}


def placeholders(text: str) -> set[str]:
    return {match["name"] for match in _PLACEHOLDER.finditer(text)}


def fill_settings(text: str, settings: Mapping[str, float | str]) -> tuple[str, list[str]]:
    """The text with its settings filled in, and why any other placeholder cannot be filled."""
    reasons: list[str] = []

    def fill(match: re.Match[str]) -> str:
        name, form = match["name"], match["form"]
        if name in NUMBERS and form is None:
            return match[0]
        if name not in settings:
            reasons.append(f"nobody fills {match[0]}")
            return match[0]
        value = settings[name]
        if form is None:
            return value if isinstance(value, str) else f"{value:g}"
        if isinstance(value, str) or form not in FORMS:
            reasons.append(f"{match[0]} cannot be written like this")
            return match[0]
        return FORMS[form](value)

    filled = _PLACEHOLDER.sub(fill, text)
    if not reasons and re.search(r"[{}]", _PLACEHOLDER.sub("", filled)):
        reasons.append("a brace that belongs to no placeholder")
    return filled, reasons


def fill_numbers(text: str, numbers: Mapping[str, str]) -> str:
    """The text as it is shown. Raises KeyError when a number is needed that was not given."""
    return _PLACEHOLDER.sub(lambda match: numbers[match["name"]], text)
