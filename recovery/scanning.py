"""Reading JSON with a Flaw wherever something cannot be read.

And reading what a plain reader gives up on: JSON nested without end, or broken off somewhere. Only for bodies that are
refused; that reader keeps a stack of its own, so no depth ends it, and it takes a bounded number of steps, so no body
keeps the service busy.
"""

import json
import re
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

MAX_DEPTH = 20
MAX_DIGITS = 20
MOST_STEPS = 200_000
"""A full batch takes some ten thousand."""

_BLANKS = re.compile(r"[ \t\n\r]*")
_SCALAR = re.compile(
    r"(?:(?P<number>-?(?:0|[1-9][0-9]*)(?P<fraction>(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?))"
    r"|(?P<constant>NaN|-?Infinity)|(?P<word>null|true|false))(?=[ \t\n\r,\]}])"
)
"""What follows must show that it has ended: a number at the end of a text that broke off may have been longer."""

_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_NESTING = re.compile(rf"[\[{{]+|[\]}}]+|{_STRING.pattern}?", re.DOTALL)
"""A string that does not end is taken to the end of the text, so that no part of a text is looked at twice."""

WORDS = {"null": None, "true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Flaw:
    """Stands in a document where something stood that nobody can read; `was` is what it was."""

    code: str
    was: Any

    def kept(self) -> dict[str, Any]:
        return {self.code: self.was}


def read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        given: dict[str, list[Any]] = {}
        for key, value in pairs:
            given.setdefault(key, []).append(value)
        document |= {key: Flaw("duplicate_key", values) for key, values in given.items() if len(values) > 1}
    return document


def read_float(text: str) -> float | Flaw:
    value = float(text)
    return value if isfinite(value) else Flaw("number_too_large", text)


def read_int(text: str) -> int | Flaw:
    return int(text) if len(text) <= MAX_DIGITS else Flaw("number_too_large", text)


def read_constant(text: str) -> Flaw:
    return Flaw("not_a_number", text)


DECODER = json.JSONDecoder(
    object_pairs_hook=read_object, parse_float=read_float, parse_int=read_int, parse_constant=read_constant
)


def text_of(raw: bytes) -> str:
    """A body as text, in the encoding that it seems to be in. Bytes that are no text are shown as what they are."""
    return raw.decode(json.detect_encoding(raw), "backslashreplace")


def rest_of(raw: bytes) -> dict[str, Any]:
    """What can be read of a body that is refused, with a Flaw where something cannot be."""
    encoding = json.detect_encoding(raw)
    text = raw.decode(encoding, "surrogateescape" if encoding.startswith("utf-8") else "replace")
    try:
        document = DECODER.decode(text)
    except (ValueError, RecursionError):
        document, _ = scan(text)
    return document if isinstance(document, dict) else {}


def scan(text: str) -> tuple[Any, bool]:
    """What stands in a text up to where it is no JSON any more (None for nothing), and whether that is all of it.

    What is nested too deeply is a Flaw, and so is the last element of a list that broke off: it may have held more.
    """
    reader = _Reader(text)
    try:
        for _ in range(MOST_STEPS):
            if reader.step():
                return reader.value, reader.is_at_end
    except (ValueError, IndexError):  # no JSON from here on, or the end of the text
        pass
    return reader.broken_off(), False


@dataclass(slots=True)
class _Open:
    """An object or a list that has not ended yet."""

    closer: str
    pairs: list[tuple[str, Any]] = field(default_factory=list)
    elements: list[Any] = field(default_factory=list)
    key: str = ""

    def add(self, value: Any) -> None:
        if self.closer == "}":
            self.pairs.append((self.key, value))
        else:
            self.elements.append(value)

    def value(self) -> Any:
        return read_object(self.pairs) if self.closer == "}" else self.elements


class _Reader:
    """One value or one end of a container at each step. Raises ValueError or IndexError where the text is no JSON."""

    def __init__(self, text: str) -> None:
        self.value: Any = None
        self._text = text
        self._at = 0
        self._open: list[_Open] = []
        self._before_value = True

    def step(self) -> bool:
        """Whether the value is complete."""
        next_one = self._next()
        if not self._before_value:
            return self._after_value(next_one)
        match next_one:
            case "{" | "[" if len(self._open) >= MAX_DEPTH:
                self._take(Flaw("too_deep", None))
                self._at = _end_of_nesting(self._text, self._at)
                return False
            case "{" | "[":
                return self._begin("}" if next_one == "{" else "]")
            case '"':
                return self._take(self._string())
        return self._take(self._scalar())

    @property
    def is_at_end(self) -> bool:
        return not self._text[self._at :].strip()

    def broken_off(self) -> Any:
        while self._open:
            last = self._open.pop()
            if last.closer == "]":
                last.elements.append(Flaw("not_json", None))
            self._take(last.value())
        return self.value

    def _next(self) -> str:
        self._at = _BLANKS.match(self._text, self._at).end()  # type: ignore[union-attr]  # it matches anything
        return self._text[self._at]

    def _begin(self, closer: str) -> bool:
        self._open.append(_Open(closer))
        self._at += 1
        if self._next() == closer:
            return self._end()
        if closer == "}":
            self._read_key()
        return False

    def _after_value(self, next_one: str) -> bool:
        innermost = self._open[-1]
        if next_one == innermost.closer:
            return self._end()
        if next_one != ",":
            raise ValueError
        self._at += 1
        if innermost.closer == "}":
            self._read_key()
        self._before_value = True
        return False

    def _end(self) -> bool:
        self._at += 1
        return self._take(self._open.pop().value())

    def _read_key(self) -> None:
        self._next()
        self._open[-1].key = self._string()
        if self._next() != ":":
            raise ValueError
        self._at += 1

    def _string(self) -> str:
        token = _STRING.match(self._text, self._at)
        if token is None:
            raise ValueError
        self._at = token.end()
        return str(json.loads(token[0], strict=False))

    def _scalar(self) -> Any:
        token = _SCALAR.match(self._text, self._at)
        if token is None:
            raise ValueError
        self._at = token.end()
        if token["number"]:
            return (read_float if token["fraction"] else read_int)(token["number"])
        return read_constant(token["constant"]) if token["constant"] else WORDS[token["word"]]

    def _take(self, value: Any) -> bool:
        self._before_value = False
        if self._open:
            self._open[-1].add(value)
            return False
        self.value = value
        return True


def _end_of_nesting(text: str, start: int) -> int:
    """Where the value that begins here ends, however deep it is. Raises ValueError when it does not."""
    depth = 0
    for run in _NESTING.finditer(text, start):
        if run[0][0] in "[{":
            depth += len(run[0])
        elif run[0][0] in "]}":
            if len(run[0]) >= depth:
                return run.start() + depth
            depth -= len(run[0])
    raise ValueError
