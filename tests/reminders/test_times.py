"""When a patient is reminded: inside the slot, at the time they picked, on their own clock (rows F38, I12)."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery.clinical import protocol as protocols
from recovery.reminders.times import LAST, LEAST, Wishes, planned, within

SLOTS = protocols.get().slots
FIRST = datetime(2024, 1, 1, tzinfo=UTC)
ZONES = [
    "Europe/London", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kiritimati",
    "Pacific/Pago_Pago", "America/St_Johns",
]  # fmt: skip


def wishes(zone: str = "Europe/London", **changes: object) -> Wishes:
    usual = {"at": time(10), "repeats": 0, "quiet_from": time(21), "quiet_until": time(8)}
    return Wishes(zone=ZoneInfo(zone), **(usual | changes))


def local(text: str, zone: str = "Europe/London") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def clocks(instants: Iterator[datetime] | tuple[datetime, ...], zone: str = "Europe/London") -> list[str]:
    return [f"{at.astimezone(ZoneInfo(zone)):%d %H:%M}" for at in instants]


def slot(opens: str, hours: float, zone: str = "Europe/London") -> tuple[datetime, datetime]:
    opens_at = local(opens, zone).astimezone(UTC)
    return opens_at, opens_at + timedelta(hours=hours)


def test_a_day_long_slot_has_the_time_that_was_picked_once() -> None:
    found = planned(*slot("2026-03-03T22:00", 24), wishes(at=time(18, 30)))

    assert clocks(found) == ["04 18:30"]


def test_a_two_day_slot_has_it_on_both_days() -> None:
    found = planned(*slot("2026-03-16T22:00", 48), wishes(repeats=1))

    assert clocks(found) == ["17 10:00", "18 10:00"]


def test_who_does_not_answer_is_reminded_again_some_hours_later() -> None:
    found = planned(*slot("2026-03-03T22:00", 24), wishes(repeats=2))

    assert clocks(found) == ["04 10:00", "04 14:00", "04 18:00"]


def test_it_is_soon_after_the_slot_opens_where_the_time_picked_does_not_lie_in_it() -> None:
    found = planned(*slot("2026-03-02T12:00", 10), wishes(at=time(11)))

    assert clocks(found) == ["02 13:00"]


def test_what_would_come_in_quiet_hours_comes_at_their_end() -> None:
    late = wishes(at=time(19), repeats=1)

    assert clocks(planned(*slot("2026-03-02T22:00", 40), late)) == ["03 19:00", "04 08:00"]
    assert clocks(planned(*slot("2026-03-02T22:00", 24), late)) == ["03 19:00"]  # closes before they end


def test_nobody_is_reminded_so_late_that_they_could_not_answer() -> None:
    found = planned(*slot("2026-03-02T22:00", 24), wishes(at=time(21, 45), quiet_from=time(23)))

    assert clocks(found) == ["03 08:00"]


def test_quiet_hours_may_lie_within_a_day_over_midnight_or_nowhere() -> None:
    assert within(time(13), time(12), time(14))
    assert within(time(23), time(21), time(8))
    assert within(time(7, 59), time(21), time(8))
    assert not within(time(8), time(21), time(8))
    assert not within(time(3), time(8), time(8))


CHANGES = [
    # zone, slot of the Sunday on which the clocks change, what the reminder at 10:00 is in UTC
    ("Europe/London", "2026-03-28T22:00", "2026-03-29T09:00"),
    ("Europe/London", "2026-10-24T22:00", "2026-10-25T10:00"),
    ("America/New_York", "2026-03-07T22:00", "2026-03-08T14:00"),
    ("America/New_York", "2026-10-31T22:00", "2026-11-01T15:00"),
    ("Australia/Lord_Howe", "2026-04-04T22:00", "2026-04-04T23:30"),
    ("Australia/Lord_Howe", "2026-10-03T22:00", "2026-10-03T23:00"),
    ("Pacific/Apia", "2020-04-04T22:00", "2020-04-04T21:00"),
    ("Pacific/Apia", "2020-09-26T22:00", "2020-09-26T20:00"),
    ("America/St_Johns", "2026-03-07T22:00", "2026-03-08T12:30"),
    ("America/St_Johns", "2026-10-31T22:00", "2026-11-01T13:30"),
    ("Pacific/Kiritimati", "2026-03-28T22:00", "2026-03-28T20:00"),
    ("Pacific/Pago_Pago", "2026-10-24T22:00", "2026-10-25T21:00"),
]


@pytest.mark.parametrize(("zone", "opens", "expected"), CHANGES, ids=lambda value: str(value))
def test_f38_ten_oclock_is_ten_oclock_on_the_day_the_clocks_change(
    zone: str, opens: str, expected: str
) -> None:
    (found,) = planned(*slot(opens, 24, zone), wishes(zone))

    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)
    assert found.astimezone(ZoneInfo(zone)).time() == time(10)


def test_a_time_that_the_clocks_leave_out_is_meant_by_the_old_clock() -> None:
    early = wishes(at=time(1, 30), quiet_from=time(0), quiet_until=time(0))

    assert clocks(planned(*slot("2026-03-28T22:00", 20), early)) == ["29 02:30"]


def test_a_time_that_comes_twice_is_meant_the_first_time() -> None:
    early = wishes(at=time(1, 30), quiet_from=time(0), quiet_until=time(0))

    (found,) = planned(*slot("2026-10-24T22:00", 20), early)

    assert found == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_quiet_hours_that_end_in_an_hour_that_comes_twice_end_the_first_time() -> None:
    quiet = wishes(quiet_from=time(21), quiet_until=time(1, 30))

    over = quiet.after_quiet(datetime(2026, 10, 25, 0, 10, tzinfo=UTC))

    assert over == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    again = quiet.after_quiet(
        datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    )  # by the clock 01:10, for the second time
    assert again == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_quiet_hours_that_end_in_an_hour_that_is_left_out_end_after_it() -> None:
    quiet = wishes(quiet_from=time(21), quiet_until=time(1, 30))

    over = quiet.after_quiet(datetime(2026, 3, 29, 0, 10, tzinfo=UTC))

    assert clocks((over,)) == ["29 02:30"]
    assert not quiet.is_quiet(over)


def test_a_day_that_a_country_left_out_has_no_reminder_of_its_own() -> None:
    """Samoa had no 30 December 2011."""
    found = planned(*slot("2011-12-28T22:00", 48, "Pacific/Apia"), wishes("Pacific/Apia", repeats=2))

    assert clocks(found, "Pacific/Apia")[0] == "29 10:00"
    assert len(set(found)) == len(found)
    assert all(later - earlier >= LEAST for earlier, later in pairwise(found))


@given(
    opens_at=st.integers(0, 6 * 365 * 24 * 60).map(lambda minutes: FIRST + timedelta(minutes=minutes)),
    hours=st.sampled_from(sorted({each.close_h - each.open_h for each in SLOTS})),
    zone=st.sampled_from(ZONES),
    at=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    repeats=st.integers(0, 2),
    quiet=st.tuples(st.integers(0, 23), st.integers(0, 23)),
)
def test_whatever_is_wished_it_stays_within_reason(
    opens_at: datetime, hours: float, zone: str, at: time, repeats: int, quiet: tuple[int, int]
) -> None:
    closes_at = opens_at + timedelta(hours=hours)
    wished = wishes(zone, at=at, repeats=repeats, quiet_from=time(quiet[0]), quiet_until=time(quiet[1]))

    found = planned(opens_at, closes_at, wished)

    assert len(found) <= 1 + repeats
    assert list(found) == sorted(found)
    for instant in found:
        assert opens_at <= instant <= closes_at - LAST
        assert not wished.is_quiet(instant)
    assert all(later - earlier >= LEAST for earlier, later in pairwise(found))
