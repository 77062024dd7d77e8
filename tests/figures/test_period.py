"""Whole days on the clinic's clock."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from recovery.figures import Period, last_days

LONDON = ZoneInfo("Europe/London")


def test_the_last_28_days_end_with_today_on_the_clinics_clock() -> None:
    late = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)

    assert last_days(28, late, LONDON) == Period(date(2026, 2, 11), date(2026, 3, 10), LONDON)
    auckland = ZoneInfo("Pacific/Auckland")
    assert last_days(28, late, auckland) == Period(date(2026, 2, 12), date(2026, 3, 11), auckland)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 28), 24), (date(2026, 3, 29), 23), (date(2026, 10, 25), 25)]
)
def test_a_day_is_as_long_as_the_clocks_make_it(day: date, hours: int) -> None:
    period = Period(day, day, LONDON)

    assert period.to_at - period.from_at == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("zone", "day"), [("Africa/Cairo", date(2026, 4, 24)), ("Asia/Beirut", date(2026, 3, 29))]
)
def test_where_the_clocks_skip_midnight_the_day_begins_at_one(zone: str, day: date) -> None:
    from_at = Period(day, day, ZoneInfo(zone)).from_at

    start, before = (at.astimezone(ZoneInfo(zone)) for at in (from_at, from_at - timedelta(microseconds=1)))
    assert (start.date(), start.hour) == (day, 1)
    assert before.date() == day - timedelta(days=1)


def test_days_meet_without_a_gap() -> None:
    days = [date(2026, 10, 20) + timedelta(days=number) for number in range(10)]
    periods = [Period(day, day, LONDON) for day in days]

    assert all(one.to_at == after.from_at for one, after in pairwise(periods))
    assert Period(days[0], days[-1], LONDON).days == 10
