"""Reading a body strictly, in one pass: what other readers let through or change without a word is refused here.

Plain readers keep the last of two equal keys (and lose the red flag in the first), take NaN, and pass on characters
that PostgreSQL cannot store.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, UnreadablePostError
from rest_framework.parsers import BaseParser

from recovery.api.codes import KINDS
from recovery.api.documents import Complaint
from recovery.api.problems import Problem
from recovery.scanning import DECODER, MAX_DEPTH, Flaw, rest_of, scan

KEPT_DEPTH = 100
CHECK_IN_BYTES = 256 * 1024
BATCH_BYTES = 5 * 1024 * 1024
OTHER_BYTES = 16 * 1024
LET_GO = 4
"""How many times as much is taken off the wire and thrown away before it is refused: who still sends hears nothing."""


@dataclass(frozen=True, slots=True)
class Body:
    """The bytes that came (of one too large its beginning only), and what its headers say is wrong with it."""

    raw: bytes
    refused_as: str = ""

    def document(self) -> dict[str, Any]:
        """The object in it. Raises Problem with every place that cannot be read."""
        document = self.flawed_document()
        refuse_flaws(document)
        return document

    def flawed_document(self) -> dict[str, Any]:
        """The same, with a Flaw where something cannot be read. Raises Problem when nothing can be."""
        if self.refused_as:
            raise Problem(self.refused_as)
        if self.raw.startswith(b"\xef\xbb\xbf"):
            raise Problem("byte_order_mark", [complaint("byte 0", "byte_order_mark")])
        try:
            document = DECODER.decode(self.raw.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise Problem("not_utf8", [complaint(f"byte {error.start}", "not_utf8")]) from None
        except json.JSONDecodeError as error:
            raise Problem("not_json", [complaint(f"character {error.pos}", "not_json")]) from None
        except RecursionError:
            document, is_whole = scan(self.raw.decode("utf-8"))
            if not is_whole:
                raise Problem("too_deep") from None
        if not isinstance(document, dict):
            raise Problem("not_an_object")
        return document

    def rest(self) -> dict[str, Any]:
        """What can be read of a body that is refused, with a Flaw where something cannot be."""
        return rest_of(self.raw)


def read(request: HttpRequest, *, at_most: int) -> Body:
    """Take the body off the wire, never more of it than is kept."""
    try:
        raw = request.read(at_most + 1)
    except UnreadablePostError:
        return Body(b"", "cut_off")
    if len(raw) > at_most:
        _let_go(request, at_most * LET_GO)
        return Body(raw[:at_most], "too_large")
    if len(raw) < _announced(request.META):
        return Body(raw, "cut_off")
    if not raw.strip():
        return Body(raw, "empty_body")
    if request.META.get("QUERY_STRING"):
        return Body(raw, "unknown_parameter")
    return Body(raw, "" if _is_plain_json(request.META) else "unsupported_media_type")


def _let_go(request: HttpRequest, at_most: int) -> None:
    try:
        while at_most > 0 and (piece := request.read(64 * 1024)):
            at_most -= len(piece)
    except UnreadablePostError:
        return


def refuse_flaws(document: Any, *, place: str = "") -> None:
    """Raise Problem when anything in a document cannot be read, naming each place."""
    if _is_sound(document, 1):
        return
    found = [complaint(where, code) for where, code in _flaws(document, place, 1)]
    if found:
        raise Problem(found[0].code, found)


def complaint(place: str, code: str) -> Complaint:
    return Complaint(place=place, code=code, detail=KINDS[code].detail)


def below(place: str, step: str | int) -> str:
    """The place of a member or an element: `answers.pain_where[1]`. A name that was sent is shown shortened."""
    if isinstance(step, int):
        return f"{place}[{step}]"
    name = step[:40].encode("ascii", "backslashreplace").decode().replace("\x00", "\\x00")
    return f"{place}.{name}" if place else name


def written_again(document: Any) -> bytes:
    """A part of a body as JSON: each Flaw is written out with what stood there. Nothing is lost down to a depth that
    no report has; what stands deeper is not written."""
    return json.dumps(_cut_off(document, KEPT_DEPTH)).encode()


class StrictJSONParser(BaseParser):
    """The same for views that use `request.data`."""

    media_type = "application/json"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        return read(stream, at_most=OTHER_BYTES).document()


def _announced(meta: Mapping[str, Any]) -> int:
    length = str(meta.get("CONTENT_LENGTH", ""))
    return int(length) if length.isascii() and length.isdecimal() else 0


def _is_plain_json(meta: Mapping[str, Any]) -> bool:
    media_type, *parameters = str(meta.get("CONTENT_TYPE", "")).lower().replace(" ", "").split(";")
    charsets = {
        value.strip('"') for name, _, value in (p.partition("=") for p in parameters) if name == "charset"
    }
    encoding = str(meta.get("HTTP_CONTENT_ENCODING", "identity")).lower()
    return media_type == "application/json" and charsets <= {"utf-8", "utf8"} and encoding in {"", "identity"}


def _is_sound(value: Any, depth: int) -> bool:
    """Whether `_flaws` would find nothing; a tenth of its cost, since it keeps no places."""
    if isinstance(value, str):
        return "\x00" not in value and (value.isascii() or not any(_flaws_of_text(value)))
    if isinstance(value, dict):
        within = depth <= MAX_DEPTH
        return within and _are_sound(value, depth) and _are_sound(value.values(), depth + 1)
    if isinstance(value, list):
        return depth <= MAX_DEPTH and _are_sound(value, depth + 1)
    return not isinstance(value, Flaw)


def _are_sound(values: Iterable[Any], depth: int) -> bool:
    for value in values:  # noqa: SIM110  (a generator costs more, and this runs with every report)
        if not _is_sound(value, depth):
            return False
    return True


def _flaws(value: Any, place: str, depth: int) -> Iterator[tuple[str, str]]:
    match value:
        case Flaw():
            yield place, value.code
        case str():
            yield from ((place, code) for code in _flaws_of_text(value))
        case dict() | list() if depth > MAX_DEPTH:
            yield place, "too_deep"
        case dict():
            for key, member in value.items():
                yield from ((below(place, key), code) for code in _flaws_of_text(key))
                yield from _flaws(member, below(place, key), depth + 1)
        case list():
            for index, element in enumerate(value):
                yield from _flaws(element, below(place, index), depth + 1)


def _cut_off(value: Any, depth: int) -> Any:
    match value:
        case Flaw():
            return _cut_off(value.kept(), depth)
        case dict() | list() if depth == 0:
            return {"too_deep": None}
        case dict():
            return {key: _cut_off(member, depth - 1) for key, member in value.items()}
        case list():
            return [_cut_off(element, depth - 1) for element in value]
        case _:
            return value


def _flaws_of_text(text: str) -> Iterator[str]:
    if "\x00" in text:
        yield "nul_character"
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        yield "lone_surrogate"
