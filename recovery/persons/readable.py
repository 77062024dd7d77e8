"""The same document for a reader: headings, and below them what is known, a line for each thing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Section:
    """`depth` 1 is the whole. Each of `lines` is what is told and its value, in words."""

    depth: int
    title: str
    lines: Sequence[tuple[str, str]]

    @property
    def heading(self) -> str:
        """The element: a page has no more than six depths of headings."""
        return f"h{min(self.depth, 6)}"


def readable(document: Mapping[str, Any]) -> list[Section]:
    return [*_sections(document, "Everything that is held about one person", 1)]


def _sections(row: Mapping[str, Any], title: str, depth: int) -> Iterator[Section]:
    inner = {key: value for key, value in row.items() if _is_part(value)}
    yield Section(depth, title, [*_lines({key: row[key] for key in row if key not in inner})])
    for key, value in inner.items():
        words = key.replace("_", " ").capitalize()
        rows = [value] if isinstance(value, Mapping) else value
        for number, each in enumerate(rows, 1):
            yield from _sections(
                each, words if isinstance(value, Mapping) else f"{words} {number}", depth + 1
            )


def _is_part(value: Any) -> bool:
    if isinstance(value, Mapping):
        return "who" not in value and len(value) > 0
    return isinstance(value, list) and len(value) > 0 and all(isinstance(each, Mapping) for each in value)


def _lines(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in row.items():
        said = _said(value)
        if said:
            yield key.replace("_", " ").capitalize(), said


def _said(value: Any) -> str:
    match value:
        case None | "" | [] | {}:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M:%S %Z")
        case date():
            return value.isoformat()
        case list():
            return ", ".join(map(_said, value))
        case Mapping():
            return ", ".join(filter(None, map(_said, value.values())))
        case _:
            return str(value)
