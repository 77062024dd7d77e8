"""Whole days, as the clinic's clock shows them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONGEST = 366
"""Days at most that are looked at together: a year, so that a page stays a page."""


@dataclass(frozen=True, slots=True)
class Period:
    """From the start of the first day until the end of the last."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def from_at(self) -> datetime:
        return _start_of(self.first, self.zone)

    @property
    def to_at(self) -> datetime:
        """Half-open: this instant belongs to the next day."""
        return _start_of(self.last + timedelta(days=1), self.zone)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def last_days(days: int, now: datetime, zone: ZoneInfo) -> Period:
    """So many days, of which the last is today."""
    today = now.astimezone(zone).date()
    return Period(today - timedelta(days=days - 1), today, zone)


def _start_of(day: date, zone: ZoneInfo) -> datetime:
    """Its first instant, also where the clocks skip midnight."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
