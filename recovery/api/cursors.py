"""Pages by cursor: the place after the last row shown, so that a page never repeats or skips a row that stays."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from recovery.api.documents import Complaint
from recovery.api.problems import Problem
from recovery.models import CheckIn

USUAL, MOST = 20, 100


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
    return urlsafe_b64encode(f"{row.effective_at.isoformat()} {row.client_id}".encode()).decode()


def _read(cursor: str) -> tuple[datetime, UUID]:
    try:
        at, _, client_id = urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        instant = datetime.fromisoformat(at)
        if instant.tzinfo is None or not 1999 <= instant.year <= 2101:
            raise ValueError
        return instant.astimezone(UTC), UUID(client_id)
    except (ValueError, OverflowError):
        raise _bad("cursor", "Send `next_cursor` as it was given.") from None


def _bad(name: str, detail: str) -> Problem:
    return Problem("bad_parameter", [Complaint(place=f"query.{name}", code="bad_parameter", detail=detail)])
