"""The whole course in one drawing: alerts, pain, temperature and the check-ins that were due, over the hours."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from recovery.clinical.protocol import Protocol
from recovery.dashboard.charts.course_signs import (
    Box,
    Dot,
    Flag,
    Reading,
    Sign,
    Window,
    boxes_of,
    dot_of,
    radius_for,
    signs_of,
)
from recovery.dashboard.charts.ground import (
    BOLD_LETTER,
    Band,
    Place,
    Tick,
    band_of,
    expected,
    length,
    ticks_at,
)
from recovery.dashboard.charts.scale import EvenHours, Scale

__all__ = ["Drawing", "Flag", "Reading", "Span", "Window", "draw"]

HEIGHT = 396.0
LEFT, RIGHT = 48.0, 12.0
BANDS = (22.0, 368.0)
ALERTS_Y = 36.0
PAIN = (72.0, 222.0)
DEGREES = (252.0, 342.0)
DUE_Y = 360.0
LEAST_DEGREES, MOST_DEGREES = 36.0, 40.0


@dataclass(frozen=True, slots=True)
class Span:
    """From which hour to which. Evenly: a close look at some days; else from time zero, later hours drawn closer."""

    start_h: float
    end_h: float
    evenly: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """One measure over the hours. `limit` is where the line of its finding lies, with its label."""

    title: str
    top: float
    bottom: float
    ticks: list[Tick]
    line: str
    dots: list[Dot]
    limit: Tick | None


@dataclass(frozen=True, slots=True)
class Drawing:
    name: str
    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    band_height: float
    bands: list[Band]
    expected: str
    baseline: Tick | None
    panels: list[Panel]
    signs: list[Sign]
    boxes: list[Box]
    hours: list[Tick]
    now: float | None


@dataclass(frozen=True, slots=True)
class Lines:
    """What the readings are seen against; None where nothing is known."""

    baseline: int | None
    severe: int | None
    fever: float | None


def draw(
    protocol: Protocol,
    span: Span,
    *,
    readings: Sequence[Reading],
    alerts: Iterable[Flag],
    windows: Iterable[Window],
    lines: Lines,
    now_h: float,
    width: float,
) -> Drawing:
    right = width - RIGHT
    across: Scale | EvenHours = (
        EvenHours(span.start_h, span.end_h, LEFT, right)
        if span.evenly
        else Scale(span.end_h, LEFT, right, *PAIN)
    )
    shown = [reading for reading in readings if span.start_h <= reading.hours <= span.end_h]
    radius = radius_for(len(shown), right - LEFT)
    pain = Scale(span.end_h, LEFT, right, *PAIN)
    return Drawing(
        name="wide" if width > 500 else "narrow",
        width=width,
        height=HEIGHT,
        left=LEFT,
        right=right,
        top=BANDS[0],
        bottom=BANDS[1],
        band_height=BANDS[1] - BANDS[0],
        bands=_bands(protocol, span, across.x),
        expected=expected(protocol, lines.baseline, across.x, pain.y, start_h=span.start_h, end_h=span.end_h),
        baseline=None
        if lines.baseline is None
        else Tick(pain.y(lines.baseline), f"before: {lines.baseline}"),
        panels=[
            _pain_panel(shown, across, pain, lines, radius),
            _degrees_panel(shown, across, lines, radius),
        ],
        signs=signs_of(
            [flag for flag in alerts if span.start_h <= flag.hours <= span.end_h], across.x, ALERTS_Y
        ),
        boxes=boxes_of(
            [w for w in windows if w.start_h < span.end_h and w.end_h > span.start_h], across.x, DUE_Y
        ),
        hours=_hours(protocol, span, across.x),
        now=across.x(now_h) if span.start_h <= now_h <= span.end_h else None,
    )


def _pain_panel(
    readings: Sequence[Reading], across: Scale | EvenHours, scale: Scale, lines: Lines, radius: float
) -> Panel:
    dots = [
        dot_of(r, across.x(r.hours), scale.y(r.pain), f"pain {r.pain} of 10", radius)
        for r in readings
        if r.pain is not None
    ]
    severe = None if lines.severe is None else Tick(scale.y(lines.severe), f"severe: {lines.severe}")
    ticks = [Tick(scale.y(score), str(score)) for score in (0, 2, 4, 6, 8, 10)]
    return Panel("Pain, 0 to 10", *PAIN, ticks, _line(dots), dots, severe)


def _degrees_panel(
    readings: Sequence[Reading], across: Scale | EvenHours, lines: Lines, radius: float
) -> Panel:
    """At least from 36 to 40 °C; higher or lower when somebody was."""
    known = [r.degrees for r in readings if r.degrees is not None]
    low, high = min([LEAST_DEGREES, *known]), max([MOST_DEGREES, *known])
    top, bottom = DEGREES

    def y(degrees: float) -> float:
        return round(bottom - (degrees - low) / (high - low) * (bottom - top), 1)

    dots = [
        dot_of(r, across.x(r.hours), y(r.degrees), f"{r.degrees:.1f} °C", radius)
        for r in readings
        if r.degrees is not None
    ]
    fever = None if lines.fever is None else Tick(y(lines.fever), f"fever: {lines.fever:g}")
    return Panel(
        "Temperature, °C",
        top,
        bottom,
        [Tick(y(degrees), str(degrees)) for degrees in range(36, 41)],
        _line(dots),
        dots,
        fever,
    )


def _line(dots: Sequence[Dot]) -> str:
    return " ".join(f"{dot.x},{dot.y}" for dot in dots if dot.counts)


def _bands(protocol: Protocol, span: Span, x: Place) -> list[Band]:
    return [
        band_of(number, phase, x, letter=BOLD_LETTER)
        for number, phase in enumerate(protocol.phases)
        if phase.start_h < span.end_h and phase.end_h > span.start_h
    ]


def _hours(protocol: Protocol, span: Span, x: Place) -> list[Tick]:
    """Where phases end, then whole weeks; each day of a close look."""
    if span.evenly:
        days = range(int(span.start_h // 24) + 1, int(span.end_h // 24) + 1)
        return ticks_at([(day * 24.0, f"{day} d") for day in days], x)
    ends = [phase.end_h for phase in reversed(protocol.phases) if phase.end_h <= span.end_h]
    weeks = [week * 168.0 for week in range(2, int(span.end_h // 168))]
    return ticks_at([(hours, length(hours)) for hours in (0.0, *ends, *weeks)], x)
