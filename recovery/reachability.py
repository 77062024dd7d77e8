"""Whether people can be reached: who has a working channel, and whether somebody of a team who has one is on call.

What is shown (on the board, on the rota) is worked out when it is asked for, so that it goes as soon as it is mended.
Every afternoon the watch looks at the night to come and puts down what it found (ADR 22).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from django.db import transaction

from recovery import rota, statements
from recovery.models import CareTeam, Clinic, NightCheck
from recovery.rota import Night, OnCall, Plan

ANSWER_WITHIN = timedelta(hours=20)
"""A test message that nobody answered for this long has found a channel that is not working: shown in a day (O13)."""

PROOF_HOLDS = timedelta(days=40)
"""Tests are monthly. What nobody has answered for longer is not known to work."""

AHEAD = timedelta(days=2)
"""How far plans are read that are asked how tonight stands."""

# A channel that works: an address that was verified, and whose last test message was answered, or may still be. The
# e-mail that somebody signs in with was never verified, and is none.
_WORKS = """
    {contact}.verified_at IS NOT NULL AND {contact}.ended_at IS NULL
    AND greatest({contact}.verified_at, {contact}.answered_at) > %(proved_after)s
    AND ({contact}.tested_at IS NULL OR {contact}.answered_at >= {contact}.tested_at
         OR {contact}.tested_at > %(tested_after)s)
"""
_REACHABLE = f"""
    SELECT DISTINCT c.user_id
      FROM recovery_contact c
     WHERE c.clinic_id = %(clinic)s AND c.user_id = ANY(%(users)s::bigint[]) AND {_WORKS.format(contact="c")}
"""  # nosec B608  (nothing in it comes from outside)
_REACHABLE_OF_TEAMS = f"""
    SELECT m.team_id, m.user_id
      FROM recovery_membership m JOIN recovery_user u ON u.id = m.user_id JOIN recovery_careteam t ON t.id = m.team_id
     WHERE m.team_id = ANY(%(teams)s::bigint[]) AND m.ended_at IS NULL AND u.is_active
       AND EXISTS (SELECT FROM recovery_contact c
                    WHERE c.user_id = m.user_id AND c.clinic_id = t.clinic_id AND {_WORKS.format(contact="c")})
"""  # nosec B608

# Index: team_night_check.
_DUE = """
    SELECT id FROM recovery_careteam WHERE next_night_check_at <= %(now)s
     ORDER BY next_night_check_at LIMIT %(limit)s
       FOR NO KEY UPDATE SKIP LOCKED
"""


@dataclass(frozen=True, slots=True)
class Tonight:
    """How a team stands for the night that it is, or else the next one. `holes` are when nobody who can be reached is
    on call, of a team without a rota: when nobody of it can be reached at all. `unreachable` are the members of the
    team without a working channel, with their names."""

    plan: Plan
    night: Night
    holes: list[tuple[datetime, datetime]]
    reachable: frozenset[int]
    unreachable: Mapping[int, str]

    @property
    def covered(self) -> bool:
        return not self.holes


def reachable(user_ids: Collection[int], *, clinic_id: int, now: datetime) -> set[int]:
    """Who of these people has a working channel in this clinic."""
    asked = {"clinic": clinic_id, "users": sorted(set(user_ids))} | _since(now)
    return {user_id for (user_id,) in statements.fetch_all(_REACHABLE, asked)}


def tonight(team_ids: Collection[int], *, now: datetime) -> dict[int, Tonight]:
    """Of each of these teams, in two statements for all of them."""
    plans = rota.plans(team_ids, since=now, until=now + AHEAD)
    found: dict[int, set[int]] = {team_id: set() for team_id in plans}
    for team_id, user_id in statements.fetch_all(_REACHABLE_OF_TEAMS, {"teams": sorted(plans)} | _since(now)):
        found[team_id].add(user_id)
    return {team_id: _tonight(plan, frozenset(found[team_id]), now) for team_id, plan in plans.items()}


def night_trouble(team: CareTeam, *, now: datetime) -> str:
    """Why no recovery may begin into this night: nobody who can be reached is on call, and no urgent line is set.
    Empty when it may."""
    if has_urgent_line(team.clinic):
        return ""
    here = tonight([team.pk], now=now)[team.pk]
    if here.plan.is_empty and not team.clinic.night_cover:
        trouble = "This team has no rota, so nobody is on call tonight"
    elif here.covered:
        return ""
    else:
        trouble = "Nobody who can be reached is on call for all of tonight"
    return (
        f"{trouble} ({here.night.from_at.astimezone(here.plan.zone):%H:%M} to"
        f" {here.night.until_at.astimezone(here.plan.zone):%H:%M}), and the clinic has no urgent line of its own."
        " Plan a colleague whose contact is verified on the page “Rota”, or have your administrator set an urgent line"
        " that is answered at night. Then enrol the patient."
    )


def has_urgent_line(clinic: Clinic) -> bool:
    """Whether there is somebody else to call at night. A line that is the team's own number rings where nobody is."""
    urgent, own = ("".join(filter(str.isdigit, number)) for number in (clinic.urgent_line, clinic.team_phone))
    return bool(urgent) and urgent != own


@transaction.atomic
def check_due(*, limit: int, now: datetime) -> int:
    """The watch's turn: look at the night to come of each team whose time it is, and put down what was found. Returns
    how many teams."""
    due = [team_id for (team_id,) in statements.fetch_all(_DUE, {"now": now, "limit": limit})]
    if not due:
        return 0
    found = tonight(due, now=now)
    teams = CareTeam.objects.in_bulk(due)
    NightCheck.objects.bulk_create(
        [
            NightCheck(
                clinic_id=teams[team_id].clinic_id,
                team_id=team_id,
                night_on=here.night.on,
                checked_at=now,
                covered=here.covered,
                unreachable=len(here.unreachable),
            )
            for team_id, here in found.items()
        ],
        ignore_conflicts=True,
    )
    for team_id, here in found.items():
        CareTeam.objects.filter(pk=team_id).update(next_night_check_at=rota.next_look(here.plan.zone, now))
    return len(due)


def _tonight(plan: Plan, found: frozenset[int], now: datetime) -> Tonight:
    night = rota.tonight(plan.zone, now)
    since = max(now, night.from_at)
    if plan.is_empty:
        holes = [] if found else [(since, night.until_at)]
    else:
        holes = list(_joined(_holes(plan, found, since, night.until_at)))
    missing = {user_id: name for user_id, name in plan.there.items() if user_id not in found}
    return Tonight(plan, night, holes, found, missing)


def _holes(
    plan: Plan, found: frozenset[int], since: datetime, until: datetime
) -> Iterator[tuple[datetime, datetime]]:
    turns = [turn for level in rota.LEVELS for turn in plan.turns(level, since, until)]
    edges = sorted({edge for turn in turns for edge in (turn.from_at, turn.until_at)})
    for begin, end in pairwise(edges):
        on: OnCall = plan.at(begin)
        if found.isdisjoint((*on.first, *on.second)):
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


def _since(now: datetime) -> dict[str, datetime]:
    return {"proved_after": now - PROOF_HOLDS, "tested_after": now - ANSWER_WITHIN}
