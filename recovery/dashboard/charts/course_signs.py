"""The signs of the drawing of the course. Each has a shape of its own, so that none needs a colour to be told apart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from recovery.clinical.tiers import Tier
from recovery.dashboard.wording import hour

SIGN = 16.0
"""Side of the sign of an alert."""
LEAST_BOX = 5.0

X = Callable[[float], float]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one check-in said. `form`: plain, corrected, late or withdrawn; `remark` says the same in words."""

    hours: float
    pain: int | None
    degrees: float | None
    completed: bool
    form: str
    remark: str


@dataclass(frozen=True, slots=True)
class Flag:
    """An alert, at the hour it is about."""

    hours: float
    tier: Tier
    name: str


@dataclass(frozen=True, slots=True)
class Window:
    """A slot of the schedule and what became of it (`screens.slots.Became`)."""

    start_h: float
    end_h: float
    became: str
    words: str


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    path: str
    form: str
    completed: bool
    counts: bool
    title: str


@dataclass(frozen=True, slots=True)
class Sign:
    """One alert, or several that would lie on each other: the worst one's shape, and how many."""

    x: float
    y: float
    size: float
    tier: Tier
    count: int
    title: str


@dataclass(frozen=True, slots=True)
class Box:
    x: float
    y: float
    width: float
    height: float
    became: str
    cross: str
    title: str


@dataclass(frozen=True, slots=True)
class LegendMark:
    """A sign as the legend shows it, in a box of 24 by 16."""

    form: str
    half: bool
    path: str
    words: str


LEGEND = (
    ("plain", False, "check-in"),
    ("plain", True, "half-finished"),
    ("late", False, "sent late"),
    ("corrected", False, "corrected"),
    ("withdrawn", False, "taken back"),
)


def legend() -> list[LegendMark]:
    return [LegendMark(form, half, _path(form, 12, 8, 5), words) for form, half, words in LEGEND]


def radius_for(count: int, width: float) -> float:
    """Smaller when many would lie on each other."""
    return next((radius for radius in (5.0, 3.5) if count * radius * 2.5 < width), 2.5)


def dot_of(reading: Reading, x: float, y: float, value: str, radius: float) -> Dot:
    remark = f", {reading.remark}" if reading.remark else ""
    return Dot(
        x=x,
        y=y,
        path=_path(reading.form, x, y, radius),
        form=reading.form,
        completed=reading.completed,
        counts=reading.form != "withdrawn",
        title=f"Hour {hour(reading.hours)}: {value}{remark}",
    )


def _path(form: str, x: float, y: float, r: float) -> str:
    match form:
        case "corrected":
            return f"M{x - r:.1f} {y - r:.1f}h{2 * r:g}v{2 * r:g}h{-2 * r:g}z"
        case "late":
            q = r * 1.4
            return f"M{x:.1f} {y - q:.1f}l{q:g} {q:g}l{-q:g} {q:g}l{-q:g} {-q:g}z"
        case "withdrawn":
            return f"M{x - r:.1f} {y - r:.1f}l{2 * r:g} {2 * r:g}m0 {-2 * r:g}l{-2 * r:g} {2 * r:g}"
    return f"M{x - r:.1f} {y:.1f}a{r:g} {r:g} 0 1 0 {2 * r:g} 0a{r:g} {r:g} 0 1 0 {-2 * r:g} 0z"


def signs_of(flags: Sequence[Flag], x: X, middle: float) -> list[Sign]:
    groups: list[list[Flag]] = []
    for flag in sorted(flags, key=lambda flag: flag.hours):
        if groups and x(flag.hours) - x(groups[-1][0].hours) < SIGN * 1.5:
            groups[-1].append(flag)
        else:
            groups.append([flag])
    return [
        Sign(
            x=round(x(group[0].hours) - SIGN / 2, 1),
            y=middle - SIGN / 2,
            size=SIGN,
            tier=max(flag.tier for flag in group),
            count=len(group),
            title="; ".join(
                f"Hour {hour(flag.hours)}: {flag.tier.label.lower()}, {flag.name}" for flag in group
            ),
        )
        for group in groups
    ]


def boxes_of(windows: Sequence[Window], x: X, middle: float) -> list[Box]:
    return [_box(window, x, middle) for window in windows]


def _box(window: Window, x: X, middle: float, height: float = 12.0) -> Box:
    left, end = x(window.start_h), x(window.end_h)
    width = max(end - left - 1.5, LEAST_BOX)
    top, r = middle - height / 2, min(width, height) / 2 - 0.5
    centre = left + width / 2
    cross = (
        f"M{centre - r:.1f} {middle - r:.1f}l{2 * r:.1f} {2 * r:.1f}m0 {-2 * r:.1f}l{-2 * r:.1f} {2 * r:.1f}"
    )
    return Box(left, top, round(width, 1), height, window.became, cross, window.words)
