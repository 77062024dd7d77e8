"""What a figure on the page is: a definition, a table that says everything, and bars for those who look."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from recovery.clinical.tiers import Tier
from recovery.dashboard.wording import NBSP
from recovery.figures import FEW, Share

FEW_WORD = "few"
FEW_MEANS = (
    "Few",
    f"of fewer than {FEW} no percentage is given: one more would move it by more than five points.",
)

Raw = str | int | float | None
"""A cell of a sheet: a word, or a number as it is; None where too few were counted to give one."""


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    small: str = ""
    bar: float | None = None
    """Of a hundred."""

    @property
    def width(self) -> str:
        """For SVG, which reads a point and no comma."""
        return f"{min(max(self.bar or 0, 0), 100):.1f}"


@dataclass(frozen=True, slots=True)
class Line:
    """One row: as it is read, and as it is downloaded."""

    head: str
    cells: Sequence[Cell]
    raw: Sequence[Raw]
    small: str = ""
    tier: Tier | None = None
    remark: str = ""
    is_sum: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    slug: str
    title: str
    definitions: Sequence[tuple[str, str]]
    columns: Sequence[str]
    raw_columns: Sequence[str]
    lines: Sequence[Line]
    empty: str
    says: Sequence[str] = field(default=())

    @property
    def rows(self) -> list[tuple[Line, list[tuple[str, Cell]]]]:
        """Each line, and each of its cells under its column."""
        return [(line, list(zip(self.columns[1:], line.cells, strict=True))) for line in self.lines]

    @property
    def definition(self) -> str:
        """All in one, for the download."""
        return " ".join(f"{term}: {sentence}" for term, sentence in self.definitions)


def share_cell(share: Share) -> Cell:
    """The numbers always; the percentage where there are enough of them."""
    if not share.of:
        return Cell("–", "none to count")
    numbers = f"{share.part} of {share.of}".replace(" ", NBSP)
    if share.percent is None:
        return Cell(numbers, FEW_WORD)
    return Cell(percent(share.percent), numbers, share.percent)


def percent(value: float) -> str:
    """Rounded, but never to all or nothing when it was not."""
    if 0 < value < 1:
        return f"under{NBSP}1%"
    if 99 < value < 100:
        return f"over{NBSP}99%"
    return f"{value:.0f}%"


def raw_share(share: Share) -> float | None:
    return None if share.percent is None else round(share.percent, 1)
