"""Between the clocks of a place and the instants that they show, so that no instant is lost or doubled on the day on
which clocks are changed.

A local time stands for the first instant at which clocks there have reached it: a time that comes twice is the first of
the two, and one that is skipped is the instant of the change. So a later local time is never an earlier instant, and of
shifts that follow each other by the clock each ends exactly where the next begins.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SECOND = timedelta(seconds=1)


def instant_at(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which clocks have reached so many minutes after midnight of that day, or later."""
    local = datetime.combine(day, time()) + timedelta(minutes=minute)
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return _change_between(second, first, zone) if second < first else first


def day_at(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()


def _change_between(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """When clocks went forward; they had not before the first of these instants, and had at the second."""
    changed = after.astimezone(zone).utcoffset()
    while after - before > SECOND:
        middle = before + (after - before) // 2
        middle -= timedelta(microseconds=middle.microsecond)
        if middle.astimezone(zone).utcoffset() == changed:
            after = middle
        else:
            before = middle
    return after
