"""The reports that wait for a human being: those that the service could not judge, and those that it refused."""

from dataclasses import dataclass

from recovery import access
from recovery.dashboard.screens.case import rows_of
from recovery.dashboard.screens.finding import SERVICE_RULES
from recovery.dashboard.screens.pulse import Outline
from recovery.dashboard.screens.refused import Refused, came_of, kept_reports, refused_of
from recovery.dashboard.screens.row import Row
from recovery.models import User

MOST = 100
"""Refused reports on the page; it says how many more there are."""

LATELY = 20
"""Of those that somebody has worked on, the latest are shown."""


@dataclass(frozen=True, slots=True)
class Reports:
    unjudged: list[Row]
    waiting: list[Refused]
    beyond: int
    worked_on: list[Refused]


def reports(user: User, outline: Outline) -> Reports:
    """As many queries for a hundred as for one."""
    refused = kept_reports(user)
    waiting = refused.filter(reviewed_at=None).order_by("received_at", "pk")
    done = refused.filter(reviewed_at__isnull=False).order_by("-reviewed_at", "-pk")
    shown = [*waiting[:MOST], *done[:LATELY]]
    came = came_of(user, shown)
    rows = [refused_of(kept, came.get(kept.pk, []), outline.clock) for kept in shown]
    unjudged = access.alerts(user).for_board().filter(rule=SERVICE_RULES[0])
    return Reports(
        unjudged=rows_of(unjudged, user=user, clinician_in=outline.clinician_in, clock=outline.clock),
        waiting=[row for row in rows if not row.done],
        beyond=max(waiting.count() - MOST, 0),
        worked_on=[row for row in rows if row.done],
    )
