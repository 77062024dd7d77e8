"""From the bytes of a file to rows of texts. Spreadsheets write CSV in many ways; it is said which it was."""

import codecs
import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from recovery.errors import Refused
from recovery.importing.columns import COLUMNS, NAMES

MOST_BYTES = 1_000_000
MOST_LINES = 500
MOST_LETTERS = 1_000
"""In one cell."""
MOST_HEAD = 10_000
"""Letters of the first line in which the names of columns are looked for, to see what separates them."""

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs"}
MARKS = {
    codecs.BOM_UTF8: ("utf-8-sig", "UTF-8"),
    codecs.BOM_UTF16_LE: ("utf-16", "UTF-16"),
    codecs.BOM_UTF16_BE: ("utf-16", "UTF-16"),
}


class FileRefused(Refused):
    """The file as a whole cannot be read; no line of it is looked at."""

    code = "file_refused"


@dataclass(frozen=True, slots=True)
class Row:
    """`number` is the line of the file on which it begins, as a text editor counts."""

    number: int
    cells: Mapping[str, str]
    too_many: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    rows: list[Row]
    written: str
    """How the file was written, for example "UTF-8, with semicolons"."""


def read(raw: bytes) -> Read:
    if len(raw) > MOST_BYTES:
        raise FileRefused(
            "The file is larger than 1 MB. Leave out what is not in the list of columns, or split it."
        )
    text, letters = _decoded(raw)
    if "\0" in text:
        raise FileRefused("This is not a text file. Save the table as CSV (UTF-8) and choose that file.")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    separator, skipped = _named_separator(text)
    lines = text.split("\n")[skipped:]
    separator = separator or _separator(next((line for line in lines if line.strip()), ""))
    rows = _records(lines, separator, skipped)
    _, head = next(rows, (0, []))
    if not any(head):
        raise FileRefused("The file is empty.")
    columns = _columns(head)
    return Read(list(_rows(rows, columns)), f"{letters}, with {SEPARATORS[separator]}")


def _decoded(raw: bytes) -> tuple[str, str]:
    for mark, (codec, name) in MARKS.items():
        if raw.startswith(mark):
            try:
                return raw.decode(codec), name
            except UnicodeDecodeError:
                raise FileRefused("The file is damaged. Save the table as CSV (UTF-8) again.") from None
    try:
        return raw.decode(), "UTF-8"
    except UnicodeDecodeError:
        pass
    try:
        return raw.decode("cp1252"), "Windows letters (cp1252)"
    except UnicodeDecodeError:
        raise FileRefused("The letters of this file cannot be read. Save the table as CSV (UTF-8).") from None


def _named_separator(text: str) -> tuple[str, int]:
    """Excel may say in the first line what separates the cells."""
    first = text.partition("\n")[0].strip().strip('"').lower()
    if first.startswith("sep=") and first[4:] in {",", ";"}:
        return first[4:], 1
    return ("\t", 1) if text.lower().startswith("sep=\t") else ("", 0)


def _separator(head: str) -> str:
    """The one by which most of the first line's names are known."""

    def known(separator: str) -> int:
        beginning = head[:MOST_HEAD]  # one cell without an end would be more than the reader takes
        return sum(_plain(cell) in NAMES for cell in next(csv.reader([beginning], delimiter=separator), []))

    return max(SEPARATORS, key=known)


def _records(lines: Sequence[str], separator: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=separator, strict=True)
    number = skipped + 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield number, [cell.strip() for cell in cells]
            number = skipped + reader.line_num + 1
    except csv.Error:
        raise FileRefused(
            f"From line {number} on the cells cannot be told apart: a quotation mark is open, or a cell too long."
        ) from None


def _columns(head: Sequence[str]) -> list[str]:
    """The names of the columns in their order. One that nobody knows is refused, not dropped: it may matter."""
    while head and not head[-1]:
        head = head[:-1]
    names = [_plain(cell) for cell in head]
    if not set(names) & NAMES:
        raise FileRefused("The first line must name the columns, as the example file does.")
    if strange := [
        cell[:40] or "(empty)" for cell, name in zip(head, names, strict=True) if name not in NAMES
    ]:
        raise FileRefused(
            f"These columns are not known: {', '.join(strange[:10])}. Rename them or leave them out."
        )
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise FileRefused(f"These columns stand there twice: {', '.join(twice)}.")
    if missing := [column.name for column in COLUMNS if column.needed and column.name not in names]:
        raise FileRefused(f"These columns are missing: {', '.join(missing)}.")
    return names


def _rows(records: Iterator[tuple[int, list[str]]], columns: Sequence[str]) -> Iterator[Row]:
    for count, (number, cells) in enumerate(records, start=1):
        if count > MOST_LINES:
            raise FileRefused(f"The file has more than {MOST_LINES} patients. Split it.")
        too_many = any(cells[len(columns) :]) or any(len(cell) > MOST_LETTERS for cell in cells)
        padded = [*cells, *[""] * (len(columns) - len(cells))]
        yield Row(number, dict(zip(columns, padded, strict=False)), too_many)


def _plain(cell: str) -> str:
    return "_".join(cell.strip().lower().replace("-", " ").replace("_", " ").split())
