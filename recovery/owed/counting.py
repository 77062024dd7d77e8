"""How much of everything is owed, since when, and whose it is. One statement, asked when somebody looks: what is shown
is what is stored at that instant."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from recovery import access, statements, tenancy
from recovery.models import Episode, User
from recovery.owed.states import STATES, State

SHOWN = 5
"""Of each state, the longest waiting."""

_EACH = "\nUNION ALL\n".join(
    f"(SELECT {place}, team_id, since, who::text, episode_id, alert::uuid"
    f" FROM ({state.sql}) AS owed (team_id, since, who, episode_id, alert))"
    for place, state in enumerate(STATES)
)
_COUNTS = f"""
    SELECT place, count(*), min(since) FROM ({_EACH}) AS each (place, team_id, since, who, episode_id, alert)
     GROUP BY place
"""  # nosec B608  (nothing in it comes from outside)
_ROWS = f"""
    SELECT * FROM (
        SELECT place, since, who, episode_id, alert, count(*) OVER states AS number,
               row_number() OVER (states ORDER BY since, episode_id, alert, who) AS nth
          FROM ({_EACH}) AS each (place, team_id, since, who, episode_id, alert)
         WHERE team_id = ANY(%(teams)s::bigint[])
        WINDOW states AS (PARTITION BY place)
    ) AS ranked WHERE nth <= %(shown)s ORDER BY place, nth
"""  # nosec B608


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is owed, about a patient whom the reader may see."""

    since: datetime | None
    who: str
    episode: Episode
    alert: UUID | None
    rule: str


@dataclass(frozen=True, slots=True)
class Owed:
    state: State
    count: int
    oldest: datetime | None
    items: list[Item] = field(default_factory=list)


def everything(*, now: datetime) -> list[Owed]:
    """Of all clinics, in numbers alone. States in which nothing is, too."""
    with tenancy.every_clinic():
        rows = statements.fetch_all(_COUNTS, {"now": now})
    found: Mapping[int, tuple[int, datetime | None]] = {place: (count, since) for place, count, since in rows}
    return [Owed(state, *found.get(place, (0, None))) for place, state in enumerate(STATES)]


def of_teams(user: User, *, now: datetime) -> list[Owed]:
    """Of the teams that this user belongs to, with the longest waiting of each state."""
    teams: Collection[int] = list(access.memberships(user).values_list("team", flat=True))
    asked = {"now": now, "teams": list(teams), "shown": SHOWN}
    rows = statements.fetch_all(_ROWS, asked)
    whose = access.episodes(user).select_related("patient", "clinic").in_bulk({row[3] for row in rows})
    alerts = access.alerts(user).filter(uuid__in={row[4] for row in rows if row[4]})
    rules = dict(alerts.values_list("uuid", "rule"))
    found: dict[int, Owed] = {}
    for place, since, who, episode, alert, number, _ in rows:
        owed = found.setdefault(place, Owed(STATES[place], number, since))
        if episode in whose:
            owed.items.append(Item(since, who or "", whose[episode], alert, rules.get(alert, "")))
    return [found.get(place, Owed(state, 0, None)) for place, state in enumerate(STATES)]
