"""The board: what is to be worked on now."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from recovery import access
from recovery.alerts.moves import CLINICIANS
from recovery.clinical.tiers import Tier
from recovery.dashboard.screens.finding import SERVICE_RULES
from recovery.dashboard.screens.place import Clock, clock_of
from recovery.dashboard.screens.row import Row, row_of
from recovery.dashboard.screens.trouble import Trouble, troubles_of
from recovery.dashboard.targets import ADVICE
from recovery.dashboard.wording import counted
from recovery.models import Alert, User


@dataclass(frozen=True, slots=True)
class Counts:
    """How much waits on each of the tabs."""

    board: int
    reports: int
    review: int


@dataclass(frozen=True, slots=True)
class Outline:
    """What the board would show, cheaply: enough to say whether it has changed. Its tag turns with the minute, because
    waiting times do."""

    clock: Clock
    counts: Counts
    troubles: list[Trouble]
    has_team: bool
    clinician_in: frozenset[int]
    tag: str


@dataclass(frozen=True, slots=True)
class Group:
    tier: Tier
    advice: str
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Board:
    outline: Outline
    groups: list[Group]
    summary: str
    title: str


def outline(user: User, now: datetime) -> Outline:
    """Five queries, however much there is."""
    live = list(
        access.alerts(user).live().order_by("pk").values_list("uuid", "status", "tier", "rule", "changed_at")
    )
    refused = access.quarantine(user).filter(reviewed_at=None).count()
    counts = Counts(
        board=sum(tier > Tier.ROUTINE for _, _, tier, _, _ in live),
        reports=refused + sum(rule == SERVICE_RULES[0] for _, _, _, rule, _ in live),
        review=sum(tier == Tier.ROUTINE for _, _, tier, _, _ in live),
    )
    roles = sorted(access.memberships(user).values_list("team_id", "role"))
    clock, troubles = clock_of(user, now), troubles_of(user, now)
    seen = (user.pk, live, counts, roles, troubles, clock.zone.key, int(now.timestamp() // 60))
    return Outline(
        clock=clock,
        counts=counts,
        troubles=troubles,
        has_team=bool(roles),
        clinician_in=frozenset(team for team, role in roles if role in CLINICIANS),
        tag=hashlib.sha256(repr(seen).encode()).hexdigest()[:32],
    )


def show(user: User, outline: Outline) -> Board:
    """The rows of an outline, worst tier first and then the longest waiting. One query more."""
    rows = rows_of(
        access.alerts(user).for_board(), user=user, clinician_in=outline.clinician_in, clock=outline.clock
    )
    waiting = [row for row in rows if row.is_open]
    return Board(
        outline=outline,
        groups=[
            Group(tier, ADVICE[tier], list(members))
            for tier, members in groupby(rows, key=lambda row: row.tier)
        ],
        summary=_summary(waiting, rows),
        title=f"({len(waiting)}) Board" if waiting else "Board",
    )


def rows_of(alerts: Iterable[Alert], *, user: User, clinician_in: Collection[int], clock: Clock) -> list[Row]:
    return [row_of(alert, user=user, clinician_in=clinician_in, clock=clock) for alert in alerts]


def _summary(waiting: list[Row], rows: list[Row]) -> str:
    if not rows:
        return "No open alerts"
    if not waiting:
        return "Every open alert has been taken on"
    return f"{counted(len(waiting), 'alert waits', 'alerts wait')} for somebody to take on"
