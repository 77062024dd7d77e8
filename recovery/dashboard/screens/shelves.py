"""The quieter list beside the board: routine items."""

from dataclasses import dataclass

from recovery import access
from recovery.dashboard.screens.case import rows_of
from recovery.dashboard.screens.pulse import Outline
from recovery.dashboard.screens.row import Row
from recovery.models import User

MOST = 100
"""Rows on one page; the page says how many more there are."""


@dataclass(frozen=True, slots=True)
class Review:
    rows: list[Row]
    beyond: int


def review(user: User, outline: Outline) -> Review:
    rows = rows_of(
        access.alerts(user).for_review()[:MOST],
        user=user,
        clinician_in=outline.clinician_in,
        clock=outline.clock,
    )
    return Review(rows, max(outline.counts.review - MOST, 0))
