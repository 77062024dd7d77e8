"""The clock goes on from event to event, never back, and what doors read is what the driver wrote."""

from datetime import UTC, datetime, timedelta

import pytest

from demo import clock, prepare
from demo.clock import DemoClock
from recovery import clock as doors
from recovery.clock import LAG

WEEK = timedelta(days=7)


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "demo" / "clock"
    clock.make(path, starts_at=datetime.now(UTC) - WEEK)
    return path


def read(path) -> float:
    return LAG.unpack(path.read_bytes())[0]


def test_the_file_holds_the_seconds_by_which_the_demo_lags_behind(path):
    assert path.stat().st_size == 8
    assert read(path) == pytest.approx(-WEEK.total_seconds(), abs=60)


def test_doors_see_every_move_of_the_driver(path, settings):
    settings.DEMO_CLOCK = str(path)
    driver = DemoClock(path)
    to = driver.now() + timedelta(days=2)
    driver.move_to(to)
    assert to <= doors.now() <= to + timedelta(seconds=30)


def test_it_never_goes_back(path):
    driver = DemoClock(path)
    before = driver.lag_s
    driver.move_to(driver.now() - timedelta(hours=1))
    assert driver.lag_s == before


def test_it_never_goes_beyond_real_time(path):
    driver = DemoClock(path)
    driver.move_to(datetime.now(UTC) + timedelta(hours=1))
    assert driver.lag_s == 0


def test_landed_it_stays_on_real_time(path):
    driver = DemoClock(path)
    driver.land()
    driver.move_to(datetime.now(UTC) - timedelta(hours=1))
    assert read(path) == 0


def test_made_again_it_keeps_its_file_for_those_who_have_it_open(path):
    driver = DemoClock(path)
    clock.make(path, starts_at=datetime.now(UTC) - 2 * WEEK)
    assert driver.lag_s == pytest.approx(-2 * WEEK.total_seconds(), abs=60)


def test_a_first_start_begins_so_many_days_back():
    starts_at = prepare.starts_at(None, days=43)
    assert timedelta(days=42) < datetime.now(UTC) - starts_at < timedelta(days=44)


def test_a_later_start_goes_on_where_the_story_was_left():
    left = datetime.now(UTC) - timedelta(hours=5)
    assert prepare.starts_at(left, days=43) == left


def test_after_a_long_rest_the_story_begins_so_many_days_back_again():
    assert prepare.starts_at(datetime.now(UTC) - timedelta(days=400), days=43) == prepare.starts_at(
        None, days=43
    )
