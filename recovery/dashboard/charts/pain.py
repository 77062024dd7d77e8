"""The course of pain: phases as bands, the expected course behind it, the baseline, and the check-ins."""

from collections.abc import Sequence
from dataclasses import dataclass

from recovery.clinical.protocol import Protocol
from recovery.clinical.timeline import Phase
from recovery.dashboard.charts.expected import ceiling
from recovery.dashboard.charts.scale import Scale
from recovery.dashboard.wording import hour

HEIGHT = 260.0
LEFT, RIGHT, TOP, BOTTOM = 30.0, 12.0, 34.0, 34.0
LEAST_END_H = 72.0
LETTER = 6.6
"""Width of a letter, in units; a label that does not fit its band is left to the table."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One score to be drawn."""

    hours: float
    score: int
    completed: bool
    marked: bool


@dataclass(frozen=True, slots=True)
class Band:
    x: float
    width: float
    middle: float
    label: str
    is_odd: bool


@dataclass(frozen=True, slots=True)
class Point:
    x: float
    y: float
    completed: bool
    marked: bool
    title: str
    diamond: str


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    name: str
    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    plot_width: float
    plot_height: float
    bands: list[Band]
    expected: str
    baseline: float | None
    line: str
    points: list[Point]
    scores: list[Tick]
    hours: list[Tick]
    now: float


def draw(
    protocol: Protocol, marks: Sequence[Mark], *, baseline: int | None, hours: float, width: float
) -> Chart:
    """A drawing as wide as told. It reaches to the end of the phase that `hours` (now) or the last mark lies in."""
    last = max([hours, LEAST_END_H - 1, *(mark.hours for mark in marks)])
    end_h = max(protocol.phase_at(last).end_h, last if last > protocol.phases[-1].end_h else 0)
    scale = Scale(end_h, LEFT, width - RIGHT, TOP, HEIGHT - BOTTOM)
    phases = [phase for phase in protocol.phases if phase.start_h < end_h]
    points = [_point(mark, scale) for mark in marks]
    return Chart(
        name="wide" if width > 500 else "narrow",
        width=width,
        height=HEIGHT,
        left=LEFT,
        right=width - RIGHT,
        top=TOP,
        bottom=HEIGHT - BOTTOM,
        plot_width=width - RIGHT - LEFT,
        plot_height=HEIGHT - BOTTOM - TOP,
        bands=[_band(number, phase, scale) for number, phase in enumerate(phases)],
        expected=_expected(protocol, baseline, scale),
        baseline=None if baseline is None else scale.y(baseline),
        line=" ".join(f"{point.x},{point.y}" for point in points),
        points=points,
        scores=[Tick(scale.y(score), str(score)) for score in (0, 2, 4, 6, 8, 10)],
        hours=_hour_ticks(phases, scale),
        now=scale.x(hours),
    )


def _band(number: int, phase: Phase, scale: Scale) -> Band:
    x, end = scale.x(phase.start_h), scale.x(min(phase.end_h, scale.end_h))
    label = phase.name if len(phase.name) * LETTER < end - x else ""
    return Band(x, round(end - x, 1), round((x + end) / 2, 1), label, number % 2 == 1)


def _expected(protocol: Protocol, baseline: int | None, scale: Scale) -> str:
    """Corners of the area below the ceiling; empty when nothing is known to expect."""
    corners = [
        corner
        for start, end, top in ceiling(protocol, baseline, scale.end_h)
        for corner in ((scale.x(start), scale.y(top)), (scale.x(end), scale.y(top)))
    ]
    if not corners:
        return ""
    floor = [(corners[-1][0], scale.y(0)), (corners[0][0], scale.y(0))]
    return " ".join(f"{x},{y}" for x, y in [*corners, *floor])


def _point(mark: Mark, scale: Scale) -> Point:
    x, y = scale.x(mark.hours), scale.y(mark.score)
    corners = ((x, y - 9), (x + 9, y), (x, y + 9), (x - 9, y))
    title = f"Hour {hour(mark.hours)}: pain {mark.score} of 10"
    return Point(
        x, y, mark.completed, mark.marked, title, " ".join(f"{round(a, 1)},{round(b, 1)}" for a, b in corners)
    )


def _hour_ticks(phases: Sequence[Phase], scale: Scale) -> list[Tick]:
    """Where phases begin and end, as far as the labels have room."""
    ticks: list[Tick] = []
    for end_h in (0.0, *(phase.end_h for phase in phases)):
        tick = Tick(scale.x(end_h), _length(end_h))
        if not ticks or tick.at - ticks[-1].at >= LETTER * 6:
            ticks.append(tick)
    return ticks


def _length(hours: float) -> str:
    if hours < 72:
        return f"{hours:g} h"
    return f"{hours / 24:g} d" if hours <= 336 else f"{hours / 168:g} wk"
