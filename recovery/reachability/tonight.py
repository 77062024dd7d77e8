"""How a team stands for the night: whether somebody who can be reached, and can take an alert on, is on call at every
moment of it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from recovery import rota
from recovery.models import Canary, CareTeam, Clinic
from recovery.reachability.channels import Reachable, reachable_of
from recovery.rota import Night, Plan

AHEAD = timedelta(days=2)
"""How far plans are read that are asked how tonight stands."""


@dataclass(frozen=True, slots=True)
class Tonight:
    """How a team stands for the night that it is, or else the next one. `holes` are when no nurse or doctor who can be
    reached is on call, of a team without a rota: when none of it can be reached at all. `unreachable` are the members
    of the team without a working channel, with their names."""

    plan: Plan
    night: Night
    holes: list[tuple[datetime, datetime]]
    reachable: Reachable
    unreachable: Mapping[int, str]

    @property
    def covered(self) -> bool:
        return not self.holes


def tonight(team_ids: Collection[int], *, now: datetime) -> dict[int, Tonight]:
    """Of each of these teams, in two statements for all of them."""
    plans = rota.plans(team_ids, since=now, until=now + AHEAD)
    found = reachable_of(plans, now=now)
    return {team_id: _tonight(plan, found[team_id], now) for team_id, plan in plans.items()}


def night_trouble(team: CareTeam, *, now: datetime) -> str:
    """Why no recovery may begin into this night: nobody who can be reached is on call, and no urgent line is set.
    Empty when it may, and for a canary, whom nobody calls."""
    if has_urgent_line(team.clinic) or Canary.objects.filter(team=team).exists():
        return ""
    said = _said_of(team, tonight([team.pk], now=now)[team.pk])
    return f"{said}, {_REFUSED}" if said else ""


def outlook(teams: Collection[CareTeam], *, now: datetime) -> dict[int, str]:
    """What whoever enrols is to know before they begin, of the teams of which there is anything: that a recovery would
    be refused, or that at night the clinic's urgent line alone answers. In two statements for all teams."""
    found = tonight([team.pk for team in teams if needs_cover(team.clinic)], now=now) if teams else {}
    said = {team: _said_of(team, found[team.pk]) for team in teams if team.pk in found}
    return {
        team.pk: f"{words}. {_LINE_ALONE}" if has_urgent_line(team.clinic) else f"{words}, {_REFUSED}"
        for team, words in said.items()
        if words
    }


_REFUSED = (
    "and the clinic has no urgent line of its own."
    " Plan a nurse or doctor whose contact is verified on the page “Rota”, or have your administrator set an urgent"
    " line that is answered at night. Then enrol the patient."
)
_LINE_ALONE = (
    "Who goes home now reaches the clinic's urgent line alone. Plan a nurse or doctor on the page “Rota”."
)


def _said_of(team: CareTeam, here: Tonight) -> str:
    """That nobody is there for all of the night; empty when somebody is."""
    if here.plan.is_empty and not team.clinic.night_cover:
        trouble = "This team has no rota, so nobody is on call tonight"
    elif here.covered:
        return ""
    else:
        trouble = "No nurse or doctor who can be reached is on call for all of tonight"
    from_at, until_at = (at.astimezone(here.plan.zone) for at in (here.night.from_at, here.night.until_at))
    return f"{trouble} ({from_at:%H:%M} to {until_at:%H:%M})"


def needs_cover(clinic: Clinic) -> bool:
    """Whether somebody of its teams has to be there at night. Who never answers at night, and has said so, has set a
    line that does."""
    return clinic.night_cover or not has_urgent_line(clinic)


def has_urgent_line(clinic: Clinic) -> bool:
    """Whether there is somebody else to call at night. A line that is the team's own number rings where nobody is."""
    urgent, own = ("".join(filter(str.isdigit, number)) for number in (clinic.urgent_line, clinic.team_phone))
    return bool(urgent) and urgent != own


def _tonight(plan: Plan, found: Reachable, now: datetime) -> Tonight:
    night = rota.tonight(plan.zone, now)
    since = max(now, night.from_at)
    if plan.is_empty:
        holes = [] if found.able else [(since, night.until_at)]
    else:
        holes = list(_joined(_holes(plan, found.able, since, night.until_at)))
    missing = {user_id: name for user_id, name in plan.there.items() if user_id not in found.people}
    return Tonight(plan, night, holes, found, missing)


def _holes(
    plan: Plan, able: frozenset[int], since: datetime, until: datetime
) -> Iterator[tuple[datetime, datetime]]:
    turns = [turn for level in rota.LEVELS for turn in plan.turns(level, since, until)]
    edges = sorted({edge for turn in turns for edge in (turn.from_at, turn.until_at)})
    for begin, end in pairwise(edges):
        on = plan.at(begin)
        if able.isdisjoint((*on.first, *on.second)):
            yield begin, end


def _joined(holes: Iterator[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    last: tuple[datetime, datetime] | None = None
    for begin, end in holes:
        if last and last[1] == begin:
            last = last[0], end
            continue
        if last:
            yield last
        last = begin, end
    if last:
        yield last
