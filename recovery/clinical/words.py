"""The word screen of the free text (specification 6.9). It can only raise, and every text is read anyway."""

from __future__ import annotations

import re
from collections.abc import Iterable

_STRAIGHT = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'"})
_BLANKS = re.compile(r"[ \r\n]+")
_NEGATED = re.compile(r"(?<!\w)(?:no|not|without) \Z")
_LONGEST_NEGATION = len("?without ")  # with the character before it, which must not belong to a word


class WordScreen:
    """Finds phrases as whole words, in lower case, any run of spaces and line breaks counting as one space.

    A hit directly after "no", "not" or "without" is skipped, except for self-harm.
    """

    def __init__(self, self_harm: Iterable[str], alarm: Iterable[str], worry: Iterable[str]) -> None:
        self.self_harm = tuple(self_harm)
        self.alarm = tuple(alarm)
        self.worry = tuple(worry)
        self._levels = (
            ("self_harm", _pattern(self.self_harm), False),
            ("alarm", _pattern(self.alarm), True),
            ("worry", _pattern(self.worry), True),
        )

    def level(self, text: str) -> str:
        """`self_harm`, `alarm`, `worry` or `plain`: the most serious that is found."""
        text = _BLANKS.sub(" ", text.lower().translate(_STRAIGHT))
        for level, pattern, may_be_negated in self._levels:
            for hit in pattern.finditer(text):
                before = text[max(0, hit.start() - _LONGEST_NEGATION) : hit.start()]
                if not (may_be_negated and _NEGATED.search(before)):
                    return level
        return "plain"


def _pattern(phrases: Iterable[str]) -> re.Pattern[str]:
    """Matches, without consuming, every place where one of the phrases begins."""
    return re.compile(r"(?<!\w)(?=(?:" + "|".join(map(re.escape, phrases)) + r")(?!\w))")
