"""What lies behind the readings of a drawing: phases as bands, the expected course, and the hours below."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from recovery.clinical.protocol import Protocol
from recovery.clinical.timeline import Phase
from recovery.dashboard.charts.expected import ceiling

LETTER = 6.6
"""Width of a letter, in units; a label that does not fit its band is left to the table."""
BOLD_LETTER = 7.8

Place = Callable[[float], float]
"""From an hour, or from a score, to a place in the drawing."""


@dataclass(frozen=True, slots=True)
class Band:
    x: float
    width: float
    middle: float
    label: str
    is_odd: bool


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    label: str


def band_of(number: int, phase: Phase, x: Place, *, letter: float = LETTER) -> Band:
    start, end = x(phase.start_h), x(phase.end_h)
    label = phase.name if len(phase.name) * letter < end - start else ""
    return Band(start, round(end - start, 1), round((start + end) / 2, 1), label, number % 2 == 1)


def expected(
    protocol: Protocol, baseline: int | None, x: Place, y: Place, *, end_h: float, start_h: float = 0.0
) -> str:
    """Corners of the area below the ceiling; empty when nothing is known to expect."""
    corners = [
        corner
        for start, end, top in ceiling(protocol, baseline, end_h)
        if end > start_h
        for corner in ((x(start), y(top)), (x(end), y(top)))
    ]
    if not corners:
        return ""
    floor = [(corners[-1][0], y(0)), (corners[0][0], y(0))]
    return " ".join(f"{a},{b}" for a, b in [*corners, *floor])


def ticks_at(hours: Iterable[tuple[float, str]], x: Place) -> list[Tick]:
    """As far as the labels have room; what is named first goes before."""
    ticks: list[Tick] = []
    for hour, label in hours:
        tick = Tick(x(hour), label)
        if all(abs(tick.at - other.at) >= LETTER * 6 for other in ticks):
            ticks.append(tick)
    return sorted(ticks, key=lambda tick: tick.at)


def length(hours: float) -> str:
    """For example "24 h", "7 d", "6 wk"."""
    if hours < 72:
        return f"{hours:g} h"
    return f"{hours / 24:g} d" if hours <= 336 else f"{hours / 168:g} wk"
