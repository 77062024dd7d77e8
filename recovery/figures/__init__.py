"""How a care team's alerts and check-ins went over a period. Everything here counts and computes; nothing is worded.

Four statements, whatever the team and the period. A figure is about one team; whoever calls has found it through
`recovery.access`.
"""

from dataclasses import dataclass
from datetime import datetime

from recovery.figures import alerts, slots
from recovery.figures.alerts import Raised, Wait, Waits, total
from recovery.figures.budget import BudgetRefused, Kept, held_against, set_budget
from recovery.figures.period import LONGEST, Period, last_days
from recovery.figures.shares import FEW, FEW_FOR_MEDIAN, FEW_FOR_P90, Share, per_100
from recovery.figures.slots import AGES, NO_RISK, Due, DueBy, Reports
from recovery.models import CareTeam


@dataclass(frozen=True, slots=True)
class Figures:
    reports: Reports
    raised: list[Raised]
    waits: Waits
    due: DueBy
    budget: Kept


def of(team: CareTeam, period: Period, *, now: datetime) -> Figures:
    """Alerts by when they were opened, check-ins by when they were felt, slots by when they closed."""
    reports, raised = slots.reports(team, period), alerts.raised(team, period)
    return Figures(
        reports=reports,
        raised=raised,
        waits=alerts.waits(team, period),
        due=slots.due(team, period, reports.protocols, now),
        budget=held_against(team.alert_budget, raised, reports.check_ins),
    )


__all__ = [
    "AGES",
    "FEW",
    "FEW_FOR_MEDIAN",
    "FEW_FOR_P90",
    "LONGEST",
    "NO_RISK",
    "BudgetRefused",
    "Due",
    "DueBy",
    "Figures",
    "Kept",
    "Period",
    "Raised",
    "Reports",
    "Share",
    "Wait",
    "Waits",
    "held_against",
    "last_days",
    "of",
    "per_100",
    "set_budget",
    "total",
]
