"""Instants, dates and zones of a written case, each refused with its place."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

YEARS = range(2000, 2101)


class CaseError(Exception):
    """The case cannot be read; the message names the place."""


def an_object(raw: Any, place: str) -> dict[str, Any]:
    if not isinstance(raw, dict):
        refuse(place, "is missing" if raw is None else "is not an object")
    return raw


def an_instant(raw: Any, place: str) -> datetime:
    if not isinstance(raw, str):
        refuse(place, "is missing" if raw is None else "is not an instant")
    try:
        instant = datetime.fromisoformat(raw)
    except ValueError:
        refuse(place, f"{raw!r} is not an instant")
    if instant.tzinfo is None:
        refuse(place, f"{raw!r} has no offset from UTC")
    if instant.year not in YEARS:
        refuse(place, f"{raw!r} is outside the years 2000 to 2100")
    return instant


def a_date(raw: Any) -> date | None:
    if not isinstance(raw, str) or len(raw) != len("2026-03-02"):
        return None
    try:
        return date.fromisoformat(raw)
    except ValueError:
        return None


def a_zone(raw: Any, place: str) -> ZoneInfo | None:
    if raw is None:
        return None
    try:
        return ZoneInfo(raw)
    except (KeyError, ValueError, TypeError, OSError):
        refuse(place, f"{raw!r} is not a time zone")


def refuse(place: str, reason: str) -> NoReturn:
    raise CaseError(f"{place}: {reason}")
