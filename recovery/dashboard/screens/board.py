"""The board: what is to be worked on now, one case for each patient, the most pressing first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from recovery import access
from recovery.clinical.tiers import Tier
from recovery.dashboard.kept import Kept
from recovery.dashboard.screens.case import Case, case_of, is_nobodys, rows_of
from recovery.dashboard.screens.filters import Chips, Filters, chips
from recovery.dashboard.screens.pulse import Outline
from recovery.dashboard.screens.queue import Listed, Queue, queue_of
from recovery.dashboard.targets import ADVICE
from recovery.dashboard.wording import counted
from recovery.models import User

CASES_PER_PAGE = 25
"""Patients on one page. Nobody works on more at once, and a page of two thousand would take seconds."""


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
    def key(self) -> tuple[str, datetime]:
        """Boards of the same key look the same."""
        return self.tag, _minute(self.outline)

    @property
    def list_address(self) -> str:
        """Where the list alone is asked for again."""
        return self.filters.address("board-list")


_boards = Kept[tuple[str, datetime], Board](40)
_cases = Kept[tuple[object, ...], Case](500)
"""Of some 5 kB each: twenty pages of the board."""


def show(user: User, outline: Outline, filters: Filters) -> Board:
    """The cases of one page. Two statements at most, however much is open: what there is, and who it is about. While
    nothing has changed a board is kept for a minute; its waiting times are turned on by the page itself."""
    key = outline.tag(filters.query), _minute(outline)
    board = _boards.get(key) or _boards.keep(key, _board(user, outline, filters))
    return replace(board, outline=outline)


def _board(user: User, outline: Outline, filters: Filters) -> Board:
    queue = queue_of(user, filters, size=CASES_PER_PAGE)
    tag = outline.tag(filters.query)
    pages = max(-(-queue.chosen // CASES_PER_PAGE), 1)
    filters = replace(filters, page=min(filters.page, pages))
    return Board(
        outline=outline,
        filters=filters,
        tag=tag,
        chips=chips(filters, numbers=queue.numbers, in_teams=queue.in_teams, teams=outline.teams),
        groups=_groups(queue, user, outline),
        summary=_summary(queue),
        shown=_shown(filters, queue),
        hidden_emergencies=queue.hidden_emergencies,
        title=f"({queue.waiting}) Board" if queue.waiting else "Board",
        pages=pages,
        before=replace(filters, page=filters.page - 1).address() if filters.page > 1 else "",
        after=replace(filters, page=filters.page + 1).address() if filters.page < pages else "",
    )


def _groups(queue: Queue, user: User, outline: Outline) -> list[Group]:
    return [
        Group(tier, ADVICE[tier], list(members), total=queue.chosen_by_tier.get(tier, 0))
        for tier, members in groupby(_cases_of(queue.cases, user, outline), key=lambda case: case.tier)
    ]


def _cases_of(page: Sequence[tuple[Listed, ...]], user: User, outline: Outline) -> list[Case]:
    """In the order of the page, without what ended between the two statements. Of a case that has not changed nothing
    is read again within a minute."""
    sees = _minute(outline), user.pk, outline.clinician_in
    new = [alert.pk for listed in page if _cases.get((sees, listed)) is None for alert in listed]
    read = {alert.pk: alert for alert in access.on_board(user, new)} if new else {}
    cases: list[Case] = []
    for listed in page:
        case = _cases.get((sees, listed))
        alerts = [read[alert.pk] for alert in listed if alert.pk in read]
        if case is None and alerts:
            rows = rows_of(alerts, user=user, clinician_in=outline.clinician_in, clock=outline.clock)
            case = case_of(alerts[0].episode, rows, outline.clock)
            if listed == tuple(Listed(alert.pk, alert.changed_at, is_nobodys(alert)) for alert in alerts):
                _cases.keep((sees, listed), case)
        if case is not None:
            cases.append(case)
    return cases


def _minute(outline: Outline) -> datetime:
    return outline.clock.now.replace(second=0, microsecond=0)


def _summary(queue: Queue) -> str:
    if not queue.live:
        return "No open alerts"
    if not queue.waiting:
        return "Every open alert has been taken on"
    return f"{counted(queue.waiting, 'alert waits', 'alerts wait')} for somebody to take on"


def _shown(filters: Filters, queue: Queue) -> str:
    """How much of the board a filter leaves; empty without one."""
    if not filters.any:
        return ""
    return f"{queue.chosen} of {counted(queue.patients, 'patient', 'patients')} shown"
