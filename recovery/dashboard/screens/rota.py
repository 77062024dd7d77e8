"""The page of the rota: who is on call for one team, where nobody is, and what it is planned from."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from recovery import access, reachability, rota
from recovery.dashboard.screens import on_call
from recovery.dashboard.screens.on_call import LEVELS, NOBODY, OnCallNow, between
from recovery.dashboard.screens.place import Clock
from recovery.models import CareTeam, Membership, RotaOverride, RotaShift, User
from recovery.rota import Plan

DAYS = 14
"""How far ahead gaps and turns are shown."""

GAPS = 30
"""Of a plan that is mostly gaps only the first are listed."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One row of the plan, which can be taken out of it."""

    id: UUID
    level: str
    when: str
    who: str
    left: bool


@dataclass(frozen=True, slots=True)
class Weekday:
    name: str
    shifts: list[Planned]


@dataclass(frozen=True, slots=True)
class TurnShown:
    when: str
    who: str
    is_gap: bool


@dataclass(frozen=True, slots=True)
class Column:
    """Everybody's turns at one level."""

    level: str
    turns: list[TurnShown]


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    role: str
    is_lead: bool
    reachable: bool


@dataclass(frozen=True, slots=True)
class Page:
    clock: Clock
    team: CareTeam
    teams: list[CareTeam]
    now: OnCallNow
    here: on_call.TeamOnCall
    gaps: list[str]
    more_gaps: int
    columns: list[Column]
    week: list[Weekday]
    overrides: list[Planned]
    people: list[Person]
    members: list[User]
    lead: User | None
    may_plan: bool
    may_invite: bool
    cover: str

    @property
    def zone(self) -> ZoneInfo:
        return self.clock.zone

    @property
    def has_rota(self) -> bool:
        return self.here.has_rota or bool(self.overrides)


def show(user: User, team: CareTeam, teams: list[CareTeam], now: datetime) -> Page:
    """As many statements for a full plan as for an empty one."""
    until = now + timedelta(days=DAYS)
    plan = rota.plans([team.pk], since=now, until=until)[team.pk]
    tonight = reachability.tonight([team.pk], now=now)[team.pk]
    memberships = rota.members(team)
    gaps = [between(gap.from_at, gap.until_at, plan.zone, now) for gap in plan.gaps(now, until)]
    return Page(
        clock=Clock(now, plan.zone),
        team=team,
        teams=teams,
        now=on_call.show(user, now),
        here=on_call.team_on_call(team, tonight, now),
        gaps=gaps[:GAPS],
        more_gaps=max(0, len(gaps) - GAPS),
        columns=[] if plan.is_empty else [_column(plan, level, now, until) for level in LEVELS],
        week=_week(rota.planned_shifts(team), plan),
        overrides=[_override(each, plan, now) for each in rota.planned_overrides(team, now=now)],
        people=[_person(each, tonight.reachable.people) for each in memberships],
        members=[each.user for each in memberships],
        lead=next((each.user for each in memberships if each.is_lead), None),
        may_plan=any(each.user_id == user.pk and each.role in rota.MAY_PLAN for each in memberships),
        may_invite=any(
            each.user_id == user.pk and each.role == Membership.Role.ADMIN for each in memberships
        ),
        cover=reachability.night_trouble(team, now=now),
    )


def teams_of(user: User) -> list[CareTeam]:
    return list(access.teams(user).select_related("clinic").order_by("name", "pk"))


def _column(plan: Plan, level: int, since: datetime, until: datetime) -> Column:
    shown = [
        TurnShown(
            when=between(turn.from_at, turn.until_at, plan.zone, since),
            who=NOBODY if turn.user is None else plan.there[turn.user],
            is_gap=turn.user is None,
        )
        for turn in plan.turns(level, since, until)
    ]
    return Column(LEVELS[level], shown)


def _week(shifts: list[RotaShift], plan: Plan) -> list[Weekday]:
    return [
        Weekday(name, [_shift(shift, plan) for shift in shifts if shift.weekday == number])
        for number, name in enumerate(rota.WEEKDAYS)
    ]


def _shift(shift: RotaShift, plan: Plan) -> Planned:
    when = rota.in_words(shift).split(" ", 1)[1]
    return Planned(shift.uuid, LEVELS[shift.level], when, shift.user.name, shift.user_id not in plan.there)


def _override(row: RotaOverride, plan: Plan, now: datetime) -> Planned:
    when = between(row.from_at, row.until_at, plan.zone, now)
    return Planned(row.uuid, LEVELS[row.level], when, row.user.name, row.user_id not in plan.there)


def _person(membership: Membership, reachable: frozenset[int]) -> Person:
    return Person(
        name=membership.user.name,
        role=membership.get_role_display(),
        is_lead=membership.is_lead,
        reachable=membership.user_id in reachable,
    )
