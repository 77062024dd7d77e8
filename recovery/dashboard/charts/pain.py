"""The course of pain: phases as bands, the expected course behind it, the baseline, and the check-ins."""

from collections.abc import Sequence
from dataclasses import dataclass

from recovery.clinical.protocol import Protocol
from recovery.dashboard.charts.ground import Band, Tick, band_of, expected, length, ticks_at
from recovery.dashboard.charts.scale import Scale
from recovery.dashboard.wording import hour

HEIGHT = 260.0
LEFT, RIGHT, TOP, BOTTOM = 30.0, 12.0, 34.0, 34.0
LEAST_END_H = 72.0


@dataclass(frozen=True, slots=True)
class Mark:
    """One score to be drawn."""

    hours: float
    score: int
    completed: bool
    marked: bool


@dataclass(frozen=True, slots=True)
class Point:
    x: float
    y: float
    completed: bool
    marked: bool
    title: str
    diamond: str


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
        bands=[band_of(number, phase, scale.x) for number, phase in enumerate(phases)],
        expected=expected(protocol, baseline, scale.x, scale.y, end_h=scale.end_h),
        baseline=None if baseline is None else scale.y(baseline),
        line=" ".join(f"{point.x},{point.y}" for point in points),
        points=points,
        scores=[Tick(scale.y(score), str(score)) for score in (0, 2, 4, 6, 8, 10)],
        hours=ticks_at(
            [(end_h, length(end_h)) for end_h in (0.0, *(phase.end_h for phase in phases))], scale.x
        ),
        now=scale.x(hours),
    )


def _point(mark: Mark, scale: Scale) -> Point:
    x, y = scale.x(mark.hours), scale.y(mark.score)
    corners = ((x, y - 9), (x + 9, y), (x, y + 9), (x - 9, y))
    title = f"Hour {hour(mark.hours)}: pain {mark.score} of 10"
    return Point(
        x, y, mark.completed, mark.marked, title, " ".join(f"{round(a, 1)},{round(b, 1)}" for a, b in corners)
    )
