"""Pages by cursor: the place after the last row shown, so that a page never repeats or skips a row that stays."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from recovery.api.documents import Complaint
from recovery.api.fields import UUID_PATTERN
from recovery.api.problems import Problem
from recovery.models import CheckIn

USUAL, MOST = 20, 100

CURSOR_PATTERN = f"[0-9]{{15,16}}_{UUID_PATTERN}"
"""When the last row was felt, in microseconds since 1970, and its id. Whatever fits is a place between two rows."""

_CURSOR = re.compile(CURSOR_PATTERN)
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


def page_size(text: str | None) -> int:
    """From 1 to 100. Raises Problem for anything else; all rows at once are never given."""
    if text is None:
        return USUAL
    if text.isascii() and text.isdecimal() and len(text) <= 3 and 1 <= int(text) <= MOST:
        return int(text)
    raise _bad("limit", f"Send a whole number from 1 to {MOST}.")


def page_after(rows: QuerySet[CheckIn], *, cursor: str | None, size: int) -> tuple[list[CheckIn], str | None]:
    """One page of check-ins, latest felt first, and the cursor of the next page when there is one."""
    rows = rows.order_by("-effective_at", "-client_id")
    if cursor is not None:
        at, client_id = _read(cursor)
        rows = rows.filter(Q(effective_at__lt=at) | Q(effective_at=at, client_id__lt=client_id))
    found = list(rows[: size + 1])
    page = found[:size]
    return page, _write(page[-1]) if len(found) > size else None


def _write(row: CheckIn) -> str:
    return f"{(row.effective_at - _EPOCH) // _MICROSECOND}_{row.client_id}"


def _read(cursor: str) -> tuple[datetime, UUID]:
    if not _CURSOR.fullmatch(cursor):
        raise bad_cursor()
    microseconds, _, client_id = cursor.partition("_")
    return _EPOCH + int(microseconds) * _MICROSECOND, UUID(client_id)


def bad_cursor() -> Problem:
    return _bad("cursor", "Send `next_cursor` as it was given.")


def _bad(name: str, detail: str) -> Problem:
    return Problem("bad_parameter", [Complaint(place=f"query.{name}", code="bad_parameter", detail=detail)])
