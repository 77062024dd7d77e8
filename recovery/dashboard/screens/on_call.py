"""Who is on call now and tonight, and who cannot be reached: what stands above the board, and on top of the rota."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from recovery import access, reachability
from recovery.dashboard import wording
from recovery.models import CareTeam, Membership, User
from recovery.reachability import Tonight
from recovery.rota import FIRST, SECOND, Turn

LEVELS: dict[int, str] = {FIRST: "First", SECOND: "Second"}
NOBODY = "nobody"
NAMED = 8
"""Names in one sentence; of the rest it is said how many they are."""


_OF_A_TEAM = ("uuid", "name", "clinic__night_cover", "clinic__urgent_line", "clinic__team_phone")
"""What is read of one, with every look at a board."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One sentence of the banner. `team` is whose rota has to be mended; `own`: one's own contacts."""

    words: str
    team: UUID | None = None
    own: bool = False


@dataclass(frozen=True, slots=True)
class TeamOnCall:
    """`urgent_line` is who answers at night instead of a team that does not, and is empty otherwise."""

    id: UUID
    name: str
    has_rota: bool
    now: list[str]
    tonight: list[str]
    night: str
    zone: str
    urgent_line: str


@dataclass(frozen=True, slots=True)
class OnCallNow:
    """`headline` is of the banner, which is there if there are troubles."""

    teams: list[TeamOnCall]
    troubles: list[Trouble]
    headline: str

    @property
    def tag(self) -> str:
        """Turns when something else is to be read."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:32]


def show(user: User, now: datetime) -> OnCallNow:
    """Of the user's teams; an administrator hears also of whoever cannot be reached in the clinic's other teams. Four
    statements at most, however many teams there are."""
    memberships = (
        access.memberships(user)
        .select_related("team__clinic")
        .only("team_id", "role", *(f"team__{name}" for name in _OF_A_TEAM))
        .order_by("team__name", "team_id")
    )
    own = {each.team_id: each.team for each in memberships}
    administers = any(each.role == Membership.Role.ADMIN for each in memberships)
    others = access.administered_teams(user).exclude(pk__in=own).in_bulk() if administers else {}
    found = reachability.tonight([*own, *others], now=now)
    here = {team_id: found[team_id] for team_id in own}
    holes = [
        _hole(own[team_id], each)
        for team_id, each in here.items()
        if each.holes and reachability.needs_cover(own[team_id].clinic)
    ]
    return OnCallNow(
        teams=[team_on_call(own[team_id], each, now) for team_id, each in here.items()],
        troubles=[*holes, *_without_channel(own | others, found, user)],
        headline="No nurse or doctor can be reached tonight" if holes else "No working channel",
    )


def team_on_call(team: CareTeam, tonight: Tonight, now: datetime) -> TeamOnCall:
    plan, night = tonight.plan, tonight.night
    clock = f"{_clock(night.from_at, plan.zone)} to {_clock(night.until_at, plan.zone)}"
    return TeamOnCall(
        id=team.uuid,
        name=team.name,
        has_rota=not plan.is_empty,
        now=[_now(tonight, level, now) for level in LEVELS],
        tonight=[_tonight(tonight, level, max(now, night.from_at)) for level in LEVELS],
        night=clock,
        zone=plan.zone.key,
        urgent_line=""
        if tonight.covered or reachability.needs_cover(team.clinic)
        else team.clinic.urgent_line,
    )


def names(people: Collection[str]) -> str:
    """For example "Ben Okafor, Cleo Marsh and 3 more"."""
    listed = sorted(people)
    rest = len(listed) - NAMED
    if rest > 0:
        return f"{', '.join(listed[:NAMED])} and {rest} more"
    return " and ".join(part for part in (", ".join(listed[:-1]), listed[-1]) if part)


def between(begin: datetime, end: datetime, zone: ZoneInfo, now: datetime) -> str:
    """For example "08:00 to 20:00 today", "20:00 today to 08:00 tomorrow"."""
    same_day = begin.astimezone(zone).date() == end.astimezone(zone).date()
    begins = _clock(begin, zone) if same_day else coming(begin, zone, now)
    return f"{begins} to {coming(end, zone, now)}"


def coming(instant: datetime, zone: ZoneInfo, now: datetime) -> str:
    """For example "20:00 today", "08:00 tomorrow", "08:00 on Sat 7 March"."""
    days = (instant.astimezone(zone).date() - now.astimezone(zone).date()).days
    return f"{_clock(instant, zone)} tomorrow" if days == 1 else wording.moment(instant, zone, now)


def _now(here: Tonight, level: int, now: datetime) -> str:
    turn = here.plan.turns(level, now, now + reachability.AHEAD)[0]
    until = (
        ""
        if turn.until_at == now + reachability.AHEAD
        else f", until {coming(turn.until_at, here.plan.zone, now)}"
    )
    return f"{LEVELS[level]}: {_who(here, turn)}{until}"


def _tonight(here: Tonight, level: int, since: datetime) -> str:
    turns = here.plan.turns(level, since, here.night.until_at)
    parts = [f"{_who(here, turn)} until {_clock(turn.until_at, here.plan.zone)}" for turn in turns[:-1]]
    return f"{LEVELS[level]}: {', then '.join([*parts, _who(here, turns[-1])])}"


def _who(here: Tonight, turn: Turn) -> str:
    if turn.user is None:
        return NOBODY
    name = here.plan.there[turn.user]
    if turn.user not in here.reachable.people:
        return f"{name} (no working channel)"
    return name if turn.user in here.reachable.able else f"{name} (cannot take alerts on)"


def _hole(team: CareTeam, here: Tonight) -> Trouble:
    zone = here.plan.zone
    if here.plan.is_empty:
        return Trouble(f"{team.name}: no nurse or doctor of the team has a working channel.", team.uuid)
    times = ", ".join(f"{_clock(begin, zone)} to {_clock(end, zone)}" for begin, end in here.holes)
    return Trouble(f"{team.name}: no nurse or doctor who can be reached is on call {times}.", team.uuid)


def _without_channel(teams: dict[int, CareTeam], found: dict[int, Tonight], user: User) -> list[Trouble]:
    """Who has no working channel: the reader first, who can do something about it."""
    told = "You have no working channel: nobody can tell you anything until a contact of yours is verified."
    said = [Trouble(told, own=True)]
    troubles = said if any(user.pk in here.unreachable for here in found.values()) else []
    for team_id, here in found.items():
        if others := {name for user_id, name in here.unreachable.items() if user_id != user.pk}:
            have = "has" if len(others) == 1 else "have"
            troubles = [
                *troubles,
                Trouble(f"{teams[team_id].name}: {names(others)} {have} no working channel."),
            ]
    return troubles


def _clock(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%H:%M}"
