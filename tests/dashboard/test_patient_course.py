"""The geometry of the course, its limits, and what became of the check-ins that were due."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery.clinical import protocol as protocols
from recovery.clinical.assessment import assess_silence
from recovery.clinical.facts import Procedure, Report
from recovery.clinical.tiers import Tier
from recovery.dashboard.charts.course import Flag, Lines, Reading, Span, Window, draw
from recovery.dashboard.charts.course_signs import signs_of
from recovery.dashboard.charts.limits import fever_from, severe_from
from recovery.dashboard.screens.slots import Became, Felt, dues_of, missed_since
from recovery.models import Episode
from tests.factories import T0, at

PROTOCOL = protocols.get()
NOTHING = Lines(baseline=None, severe=None, fever=None)


def reading(hours: float, pain: int | None = 3, degrees: float | None = 37.0) -> Reading:
    return Reading(hours, pain, degrees, completed=True, form="plain", remark="")


def drawing(readings: list[Reading], *, end_h: float = 168, lines: Lines = NOTHING, width: float = 340):
    return draw(
        PROTOCOL,
        Span(0, end_h),
        readings=readings,
        alerts=[],
        windows=[],
        lines=lines,
        now_h=end_h,
        width=width,
    )


# --- limits -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("risks", "limit"),
    [
        (set(), 38.0),
        ({"age_65_plus"}, 37.8),
        ({"steroids"}, 37.5),
        ({"immunosuppressed", "age_65_plus"}, 37.5),
        ({"osteoporosis"}, 38.0),
    ],
)
def test_the_fever_line_is_the_patients_own(risks: set[str], limit: float) -> None:
    assert fever_from(PROTOCOL, frozenset(risks)) == limit


def test_pain_is_severe_from_eight_on() -> None:
    assert severe_from(PROTOCOL, frozenset()) == 8


# --- the drawing --------------------------------------------------------------------------------------------------

hours = st.floats(-10, 3000)
readings = st.builds(
    Reading,
    hours=hours,
    pain=st.none() | st.integers(0, 10),
    degrees=st.none() | st.floats(34, 43),
    completed=st.booleans(),
    form=st.sampled_from(["plain", "late", "corrected", "withdrawn"]),
    remark=st.just(""),
)
spans = st.builds(Span, st.just(0.0), st.floats(72, 3000)) | st.floats(336, 3000).map(
    lambda end: Span(end - 336, end, evenly=True)
)


@given(
    span=spans,
    said=st.lists(readings, max_size=30),
    alerts=st.lists(st.builds(Flag, hours, st.sampled_from(list(Tier)[1:]), st.just("a")), max_size=10),
    width=st.sampled_from([340.0, 800.0]),
    now_h=hours,
)
def test_nothing_is_drawn_outside_of_the_drawing(
    span: Span, said: list[Reading], alerts: list[Flag], width: float, now_h: float
) -> None:
    windows = [Window(slot.open_h, slot.close_h, "missed", "") for slot in PROTOCOL.slots]

    chart = draw(
        PROTOCOL,
        span,
        readings=said,
        alerts=alerts,
        windows=windows,
        lines=Lines(8, 8, 38.0),
        now_h=now_h,
        width=width,
    )

    for panel in chart.panels:
        for dot in panel.dots:
            assert chart.left <= dot.x <= chart.right
            assert panel.top <= dot.y <= panel.bottom
    for sign in chart.signs:
        assert 0 <= sign.x <= width - sign.size / 2
    for box in chart.boxes:
        assert chart.left <= box.x
        assert box.x + box.width <= width
    assert sum(sign.count for sign in chart.signs) == sum(
        span.start_h <= alert.hours <= span.end_h for alert in alerts
    )
    assert "nan" not in repr(chart)


def test_later_is_further_right_and_more_is_higher() -> None:
    chart = drawing([reading(5, 2, 36.5), reading(30, 6, 38.5), reading(100, 9, 39.0)])

    for panel in chart.panels:
        xs, ys = [dot.x for dot in panel.dots], [dot.y for dot in panel.dots]
        assert xs == sorted(xs)
        assert ys == sorted(ys, reverse=True)


def test_a_reading_taken_back_is_drawn_but_the_line_passes_it_by() -> None:
    wrong = Reading(30, 10, None, completed=True, form="withdrawn", remark="taken back")

    pain = drawing([reading(20), wrong, reading(40)]).panels[0]

    assert len(pain.dots) == 3
    assert len(pain.line.split()) == 2


def test_a_temperature_beyond_the_scale_widens_it() -> None:
    panel = drawing([reading(20, degrees=42.1), reading(30, degrees=34.2)]).panels[1]

    assert [dot.y for dot in panel.dots] == [panel.top, panel.bottom]


def test_many_points_are_drawn_smaller() -> None:
    few = drawing([reading(10.0 * n) for n in range(5)]).panels[0].dots[0]
    many = drawing([reading(1.0 * n) for n in range(160)]).panels[0].dots[0]

    def width(path: str) -> float:
        found = re.search(r"a([\d.]+)", path)
        assert found
        return float(found[1])

    assert width(many.path) < width(few.path)


def test_alerts_that_would_lie_on_each_other_become_one_sign_of_the_worst() -> None:
    flags = [
        Flag(20, Tier.ROUTINE, "Late"),
        Flag(20, Tier.EMERGENCY, "Cannot move"),
        Flag(900, Tier.SAME_DAY, "Fever"),
    ]

    first, second = signs_of(flags, lambda hours: hours, 36)

    assert (first.tier, first.count, second.tier) == (Tier.EMERGENCY, 2, Tier.SAME_DAY)
    assert first.title == "Hour 20: routine, Late; Hour 20: emergency, Cannot move"


def test_names_of_phases_do_not_run_into_each_other() -> None:
    for end_h in (72, 168, 1008, 2016):
        named = [band for band in drawing([], end_h=end_h).bands if band.label]
        for band in named:
            assert len(band.label) * 7 <= band.width


# --- slots --------------------------------------------------------------------------------------------------------


def became(now_h: float, *felt: Felt, pauses=(), ended_h: float | None = None) -> dict[str, Became]:
    episode = Episode(procedure_at=T0, ended_at=None if ended_h is None else at(ended_h))
    return {due.slot.id: due.became for due in dues_of(episode, PROTOCOL, felt, pauses, at(now_h))}


def test_a_slot_is_answered_half_missed_due_or_later() -> None:
    slots = became(90, Felt(20, True), Felt(40, False))

    assert [slots[name] for name in ("S0", "S1", "S2", "S3", "S4", "S5")] == [
        Became.MISSED,
        Became.ANSWERED,
        Became.HALF,
        Became.MISSED,
        Became.OPEN,
        Became.LATER,
    ]


def test_windows_are_half_open() -> None:
    assert became(36, Felt(12, True))["S0"] is Became.MISSED
    assert became(36, Felt(36, True))["S1"] is Became.MISSED
    assert became(12)["S0"] is Became.MISSED
    assert became(11.99)["S0"] is Became.OPEN


def test_what_closed_in_a_pause_or_after_the_end_was_not_missed() -> None:
    slots = became(90, Felt(5, True), pauses=[(at(30), at(61))], ended_h=83)

    assert [slots[name] for name in ("S1", "S2", "S3", "S4")] == [
        Became.PAUSED,
        Became.PAUSED,
        Became.NOT_ASKED,
        Became.NOT_ASKED,
    ]


@given(
    now_h=st.floats(0.1, 2039),
    felt=st.lists(st.floats(0, 2039), max_size=4),
    pause=st.none() | st.tuples(st.floats(0, 1000), st.none() | st.floats(1000, 2000)),
)
def test_who_counts_as_silent_is_who_the_protocol_counts(
    now_h: float, felt: list[float], pause: tuple[float, float | None] | None
) -> None:
    """The list marks a patient silent when the timer rules of the protocol find a missed check-in, and only then."""
    felt = [hours for hours in felt if hours <= now_h]
    pauses = [] if pause is None else [(at(pause[0]), None if pause[1] is None else at(pause[1]))]
    verdict = assess_silence(
        protocol=PROTOCOL,
        procedure=Procedure("vertebroplasty", T0),
        baseline=None,
        reports=[Report(at(hours), {}, id=str(number)) for number, hours in enumerate(felt)],
        now=at(now_h),
        excused=pauses,
    )
    last = at(max(felt)) if felt else None

    missed = missed_since(PROTOCOL, T0, last, pauses, at(now_h))

    is_paused = any(start <= at(now_h) and (until is None or at(now_h) < until) for start, until in pauses)
    found = {finding.rule for finding in verdict.findings}
    if missed and not is_paused:
        assert found & {"MISSED-1", "MISSED-2", "NEVER-STARTED"}
    if found & {"MISSED-1", "MISSED-2"}:
        assert missed
