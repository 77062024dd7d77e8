"""The board: what is to be worked on now, one case for each patient, the most pressing first."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from uuid import UUID

from recovery import access
from recovery.clinical.tiers import Tier
from recovery.dashboard.screens.filters import Chips, Filters, chips
from recovery.dashboard.screens.live import Live, live_of
from recovery.dashboard.screens.person import Person, person_of
from recovery.dashboard.screens.place import Clock, Place, place_of
from recovery.dashboard.screens.pulse import Outline
from recovery.dashboard.screens.row import Row, row_of
from recovery.dashboard.targets import ADVICE, due
from recovery.dashboard.wording import counted
from recovery.models import Alert, Episode, User

CASES_PER_PAGE = 25
"""Patients on one page. Nobody works on more at once, and a page of two thousand would take seconds."""

NO_HURRY = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Case:
    """A patient with every live alert that is not routine, the most pressing first. Equal values look the same."""

    id: UUID
    tier: Tier
    person: Person
    now: Place
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Group:
    tier: Tier
    advice: str
    cases: list[Case]
    total: int


@dataclass(frozen=True, slots=True)
class Board:
    outline: Outline
    filters: Filters
    tag: str
    chips: list[Chips]
    groups: list[Group]
    summary: str
    shown: str
    hidden_emergencies: int
    title: str
    pages: int
    before: str
    after: str

    @property
    def list_address(self) -> str:
        """Where the list alone is asked for again."""
        return self.filters.address("board-list")


def show(user: User, outline: Outline, filters: Filters) -> Board:
    """The cases of one page. Two statements, however much is open: what there is, and who it is about."""
    live = live_of(user)
    cases = _in_order(live)
    let_through = filters.for_user(user.pk)
    chosen = [case for case in cases if any(map(let_through, case))]
    pages = max(-(-len(chosen) // CASES_PER_PAGE), 1)
    tag = outline.tag(filters.query)
    filters = replace(filters, page=min(filters.page, pages))
    start = (filters.page - 1) * CASES_PER_PAGE
    waiting = sum(alert.status == Alert.Status.OPEN for alert in live)
    return Board(
        outline=outline,
        filters=filters,
        tag=tag,
        chips=chips(filters, live, user=user.pk, teams=outline.teams),
        groups=_groups(chosen, chosen[start : start + CASES_PER_PAGE], user, outline),
        summary=_summary(waiting, len(live)),
        shown=_shown(filters, chosen, cases),
        hidden_emergencies=_emergencies(cases) - _emergencies(chosen),
        title=f"({waiting}) Board" if waiting else "Board",
        pages=pages,
        before=replace(filters, page=filters.page - 1).address() if filters.page > 1 else "",
        after=replace(filters, page=filters.page + 1).address() if filters.page < pages else "",
    )


def rows_of(alerts: Iterable[Alert], *, user: User, clinician_in: Collection[int], clock: Clock) -> list[Row]:
    return [row_of(alert, user=user, clinician_in=clinician_in, clock=clock) for alert in alerts]


def _in_order(live: Iterable[Live]) -> list[list[Live]]:
    """The alerts of each patient together: worst tier first, then whose next step is due first."""
    cases: dict[int, list[Live]] = defaultdict(list)
    for alert in sorted(live, key=pressing):
        cases[alert.episode].append(alert)
    return list(cases.values())


def pressing(alert: Live | Alert) -> tuple[int, datetime, int]:
    """Sorts the worst tier first, and then whose next step is due first."""
    has_left = isinstance(alert, Alert) and access.has_left(alert)
    status = Alert.Status.OPEN if has_left else alert.status
    due_at = due(status, alert.tier, alert.tier_at, alert.contacted_at)
    return -alert.tier, due_at or NO_HURRY, alert.pk


def _groups(
    chosen: Sequence[list[Live]], page: Sequence[list[Live]], user: User, outline: Outline
) -> list[Group]:
    on_page = access.on_board(user, [alert.pk for case in page for alert in case])
    alerts = {alert.pk: alert for alert in on_page}
    cases = [_case([alerts[row.pk] for row in case if row.pk in alerts], user, outline) for case in page]
    return [
        Group(
            tier,
            ADVICE[tier],
            list(members),
            total=sum(case[0].tier == tier for case in chosen),
        )
        for tier, members in groupby((case for case in cases if case), key=lambda case: case.tier)
    ]


def _case(alerts: Sequence[Alert], user: User, outline: Outline) -> Case | None:
    """None when all of it ended between the two statements."""
    if not alerts:
        return None
    rows = rows_of(alerts, user=user, clinician_in=outline.clinician_in, clock=outline.clock)
    return case_of(alerts[0].episode, rows, outline.clock)


def case_of(episode: Episode, rows: Sequence[Row], clock: Clock) -> Case:
    """`rows` in order, at least one."""
    return Case(
        id=episode.uuid,
        tier=rows[0].tier,
        person=person_of(episode, clock.now),
        now=place_of(episode, clock.now),
        rows=tuple(rows),
    )


def _emergencies(cases: Iterable[Sequence[Live]]) -> int:
    return sum(case[0].tier == Tier.EMERGENCY for case in cases)


def _summary(waiting: int, live: int) -> str:
    if not live:
        return "No open alerts"
    if not waiting:
        return "Every open alert has been taken on"
    return f"{counted(waiting, 'alert waits', 'alerts wait')} for somebody to take on"


def _shown(filters: Filters, chosen: Sequence[object], cases: Sequence[object]) -> str:
    """How much of the board a filter leaves; empty without one."""
    if not filters.any:
        return ""
    return f"{len(chosen)} of {counted(len(cases), 'patient', 'patients')} shown"
