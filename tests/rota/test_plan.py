"""The plan of a team, on the days on which clocks are changed and on all others: at every instant exactly the person
who was planned, and no instant lost or doubled."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recovery.rota.local import instant_at
from recovery.rota.plan import FIRST, SECOND, OnCall, Override, Plan, Shift, Turn

BEN, CLEO, DEE, EVE = 1, 2, 3, 4
THERE = {BEN: "Ben", CLEO: "Cleo", DEE: "Dee", EVE: "Eve"}
DAY = 24 * 60

CHANGES = [
    # zone, the day, the instant of the change, by how many minutes clocks are moved
    ("Europe/London", date(2026, 3, 29), datetime(2026, 3, 29, 1, tzinfo=UTC), 60),
    ("Europe/London", date(2026, 10, 25), datetime(2026, 10, 25, 1, tzinfo=UTC), -60),
    ("America/New_York", date(2026, 3, 8), datetime(2026, 3, 8, 7, tzinfo=UTC), 60),
    ("America/New_York", date(2026, 11, 1), datetime(2026, 11, 1, 6, tzinfo=UTC), -60),
    ("Australia/Lord_Howe", date(2026, 4, 5), datetime(2026, 4, 4, 15, tzinfo=UTC), -30),
    ("Australia/Lord_Howe", date(2026, 10, 4), datetime(2026, 10, 3, 15, 30, tzinfo=UTC), 30),
    ("Pacific/Chatham", date(2026, 4, 5), datetime(2026, 4, 4, 14, tzinfo=UTC), -60),
    ("Pacific/Chatham", date(2026, 9, 27), datetime(2026, 9, 26, 14, tzinfo=UTC), 60),
    ("America/Santiago", date(2026, 4, 4), datetime(2026, 4, 5, 3, tzinfo=UTC), -60),
    ("America/Santiago", date(2026, 9, 6), datetime(2026, 9, 6, 4, tzinfo=UTC), 60),
    ("Asia/Kolkata", date(2026, 3, 29), datetime(2026, 3, 29, 1, tzinfo=UTC), 0),
    ("Asia/Kolkata", date(2026, 10, 25), datetime(2026, 10, 25, 1, tzinfo=UTC), 0),
    (
        "Pacific/Apia",
        date(2011, 12, 29),
        datetime(2011, 12, 30, 10, tzinfo=UTC),
        DAY,
    ),  # a whole day was skipped
]
ZONES = sorted({zone for zone, *_ in CHANGES})

zones = st.sampled_from(ZONES).map(ZoneInfo)
days = st.dates(date(2025, 1, 1), date(2028, 12, 31)) | st.sampled_from([day for _, day, *_ in CHANGES])
minutes = st.integers(0, 7 * DAY)


@st.composite
def whole_weeks(draw: st.DrawFn) -> list[Shift]:
    """A pattern that leaves out no minute of the week: hand-overs at any minute, as odd as can be."""
    handovers = draw(st.sets(st.integers(0, 7 * DAY - 1), max_size=20)) | {day * DAY for day in range(7)}
    edges = sorted(handovers)
    return [
        Shift(FIRST, draw(st.sampled_from(sorted(THERE))), begin // DAY, begin % DAY, end - begin)
        for begin, end in pairwise([*edges, 7 * DAY])
    ]


def around(day: date) -> tuple[datetime, datetime]:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return noon - timedelta(days=4), noon + timedelta(days=4)


def by_the_clock(shifts: list[Shift], local: datetime) -> int:
    """Whose turn it is when clocks show this, found without any instant."""
    minute = local.weekday() * DAY + local.hour * 60 + local.minute
    [shift] = [s for s in shifts if 0 <= (minute - s.weekday * DAY - s.begins_min) % (7 * DAY) < s.lasts_min]
    return shift.user


@given(zone=zones, day=days, shifts=whole_weeks())
def test_turns_follow_each_other_without_a_hole_and_without_an_overlap(zone, day, shifts):
    since, until = around(day)
    turns = Plan(zone, shifts, (), THERE).turns(FIRST, since, until)
    assert turns[0].from_at == since
    assert turns[-1].until_at == until
    assert all(one.until_at == next_.from_at and one.user != next_.user for one, next_ in pairwise(turns))
    assert all(turn.from_at < turn.until_at and turn.user is not None for turn in turns)


@given(zone=zones, day=days, shifts=whole_weeks(), minute=st.integers(0, 4 * DAY))
def test_at_every_instant_it_is_the_one_person_whom_the_clock_names(zone, day, shifts, minute):
    instant = around(day)[0] + timedelta(days=2, minutes=minute)
    local = instant.astimezone(zone)
    [user] = Plan(zone, shifts, (), THERE).at(instant).first
    # Of an hour that comes twice the second is whoever's it was when the first ended.
    assume(not local.fold)
    assert user == by_the_clock(shifts, local.replace(tzinfo=None))


@given(zone=zones, day=days, shifts=whole_weeks(), minute=st.integers(0, 4 * DAY))
def test_the_one_asked_now_is_the_one_whose_turn_was_shown(zone, day, shifts, minute):
    since, until = around(day)
    instant = since + timedelta(days=2, minutes=minute)
    plan = Plan(zone, shifts, (), THERE)
    [shown] = [turn for turn in plan.turns(FIRST, since, until) if turn.from_at <= instant < turn.until_at]
    assert plan.at(instant).first == (shown.user,)


@given(zone=zones, day=days, one=minutes, other=minutes)
def test_a_later_time_by_the_clock_is_never_an_earlier_instant(zone, day, one, other):
    earlier, later = sorted([one, other])
    assert instant_at(day, earlier, zone) <= instant_at(day, later, zone)


@given(zone=zones, day=days, minute=minutes)
def test_a_local_time_is_the_first_instant_at_which_clocks_have_reached_it(zone, day, minute):
    local = datetime.combine(day, time()) + timedelta(minutes=minute)
    instant = instant_at(day, minute, zone)
    assert instant.astimezone(zone).replace(tzinfo=None) >= local
    for before in (timedelta(seconds=1), timedelta(minutes=20), timedelta(hours=2)):
        assert (instant - before).astimezone(zone).replace(tzinfo=None) < local


@pytest.mark.parametrize(("name", "day", "change", "moved"), CHANGES)
def test_a_night_on_which_clocks_are_changed_is_one_turn_of_one_person(name, day, change, moved):
    zone = ZoneInfo(name)
    # Given days of Ben and nights of Cleo
    shifts = [
        Shift(FIRST, user, weekday, begins, 12 * 60)
        for weekday in range(7)
        for user, begins in ((BEN, 8 * 60), (CLEO, 20 * 60))
    ]
    # When the turn in which clocks are changed is looked for
    turns = Plan(zone, shifts, (), THERE).turns(FIRST, change - timedelta(days=2), change + timedelta(days=3))
    [turn] = [turn for turn in turns if turn.from_at <= change < turn.until_at]
    # Then it begins and ends by the clock, and is as much shorter or longer as clocks were moved
    begins, ends = (instant.astimezone(zone) for instant in (turn.from_at, turn.until_at))
    assert {begins.strftime("%H:%M"), ends.strftime("%H:%M")} == {"08:00", "20:00"}
    if moved != DAY:
        assert turn.until_at - turn.from_at == timedelta(hours=12) - timedelta(minutes=moved)


@pytest.mark.parametrize(
    ("name", "day", "change", "moved"), [c for c in CHANGES if c[0] not in {"Asia/Kolkata", "Pacific/Apia"}]
)
def test_a_hand_over_in_the_hour_that_is_skipped_or_comes_twice_happens_once(name, day, change, moved):
    zone = ZoneInfo(name)
    # Given that Ben hands over to Cleo at a minute which, that day, does not come or comes twice
    after = (change + timedelta(minutes=1)).astimezone(zone)
    odd = after if moved < 0 else (after - timedelta(minutes=abs(moved) // 2))
    minute = odd.hour * 60 + odd.minute
    weekday = odd.weekday()
    begin = weekday * DAY + minute
    shifts = [Shift(FIRST, CLEO, weekday, minute, 8 * 60)]
    start = (begin - 8 * 60) % (7 * DAY)
    shifts.append(Shift(FIRST, BEN, start // DAY, start % DAY, 8 * 60))
    # When
    turns = Plan(zone, shifts, (), THERE).turns(
        FIRST, change - timedelta(hours=7), change + timedelta(hours=6)
    )
    # Then it is handed over once, and nobody is missing in between
    assert [turn.user for turn in turns] == [BEN, CLEO]
    handed = turns[1].from_at
    assert handed == change if moved > 0 else change - handed == timedelta(minutes=-moved - 1)


def test_a_shift_late_on_sunday_reaches_into_monday():
    plan = Plan(ZoneInfo("Europe/London"), [Shift(FIRST, BEN, 6, 22 * 60, 10 * 60)], (), THERE)
    assert plan.at(datetime(2026, 3, 2, 7, 59, tzinfo=UTC)).first == (BEN,)
    assert plan.at(datetime(2026, 3, 2, 8, 0, tzinfo=UTC)).first == ()


def test_an_override_stands_instead_of_the_pattern_and_only_at_its_level():
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    pattern = [Shift(level, BEN, 0, 8 * 60, 600) for level in (FIRST, SECOND)]
    instead = Override(FIRST, CLEO, noon, noon + timedelta(hours=1))
    plan = Plan(ZoneInfo("Europe/London"), pattern, [instead], THERE)
    assert plan.at(noon - timedelta.resolution) == OnCall((BEN,), (BEN,))
    assert plan.at(noon) == OnCall((CLEO,), (BEN,))
    assert plan.at(noon + timedelta(hours=1)) == OnCall((BEN,), (BEN,))


def test_whoever_has_left_leaves_a_gap_behind_and_not_a_name():
    monday = datetime(2026, 3, 2, tzinfo=UTC)
    plan = Plan(ZoneInfo("Europe/London"), [Shift(FIRST, BEN, 0, 0, DAY)], (), {CLEO: "Cleo"})
    assert plan.at(monday) == OnCall()
    assert plan.gaps(monday, monday + timedelta(days=1)) == [
        Turn(FIRST, None, monday, monday + timedelta(days=1))
    ]


def test_gaps_are_what_the_pattern_leaves_out():
    since = datetime(2026, 3, 2, tzinfo=UTC)
    plan = Plan(ZoneInfo("Europe/London"), [Shift(FIRST, BEN, 0, 8 * 60, 9 * 60)], (), THERE)
    gaps = plan.gaps(since, since + timedelta(days=1))
    hours = [(gap.from_at.hour, gap.until_at.hour) for gap in gaps]
    assert hours == [(0, 8), (17, 0)]


def test_a_team_without_a_rota_has_no_gaps_and_nobody_on_call():
    since = datetime(2026, 3, 2, tzinfo=UTC)
    assert Plan(ZoneInfo("UTC")).gaps(since, since + timedelta(days=7)) == []
    assert Plan(ZoneInfo("UTC")).at(since) == OnCall()
