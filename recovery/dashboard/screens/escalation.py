"""The page on which one reads, and an administrator changes, who is told when nobody acts."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from recovery import access, escalation
from recovery.clinical.tiers import Tier
from recovery.dashboard.screens.place import Clock
from recovery.dashboard.wording import counted, span
from recovery.escalation.beyond import unattended
from recovery.escalation.policy import LAST_RESORT, TIERS, WORDS, Policy, read
from recovery.models import CareTeam, EscalationPolicy, User

VERSIONS = 20
"""Earlier versions that are shown; all are kept."""


@dataclass(frozen=True, slots=True)
class Line:
    at: str
    whom: str


@dataclass(frozen=True, slots=True)
class Ladder:
    """One tier, as it holds."""

    tier: Tier
    lines: list[Line]
    contact: str


@dataclass(frozen=True, slots=True)
class Version:
    number: int
    saved: str
    by: str
    what: str
    ladders: list[Ladder]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another team of the clinic, in which nobody acts."""

    tier: Tier
    words: str
    phone: str


@dataclass(frozen=True, slots=True)
class Page:
    clock: Clock
    team: CareTeam
    teams: list[CareTeam]
    version: int
    holds: str
    is_own: bool
    ladders: list[Ladder]
    policies: dict[Tier, Policy]
    earlier: list[Version]
    may_change: bool


def show(user: User, team_id: UUID | None, now: datetime) -> Page | None:
    """Of the team that was asked for, or the first; None for who belongs to no team. Raises CareTeam.DoesNotExist for a
    stranger."""
    teams = list(access.teams(user).select_related("clinic").order_by("name", "pk"))
    if not teams and team_id is None:
        return None
    team = next((each for each in teams if team_id in (None, each.uuid)), None)
    if team is None:
        raise CareTeam.DoesNotExist
    clock = Clock(now, ZoneInfo(team.clinic.time_zone))
    versions = escalation.versions(team, most=VERSIONS + 1)
    current = versions[0] if versions else None
    policies = read(current.document if current else None)
    return Page(
        clock=clock,
        team=team,
        teams=teams,
        version=current.version if current else 0,
        holds=_holds(current, clock),
        is_own=bool(current and current.document),
        ladders=ladders_of(policies),
        policies=policies,
        earlier=[_version(each, clock) for each in versions[1:]],
        may_change=escalation.may_change(user, team),
    )


def elsewhere(user: User, now: datetime) -> list[Elsewhere]:
    return [
        Elsewhere(
            each.tier,
            f"{each.team}: {counted(each.alerts, 'alert waits', 'alerts wait')} for somebody to take "
            f"{'it' if each.alerts == 1 else 'them'} on, for {span(now - each.since)}",
            each.phone,
        )
        for each in unattended(user)
    ]


def ladders_of(policies: dict[Tier, Policy]) -> list[Ladder]:
    return [Ladder(tier, _lines(policies[tier]), span(policies[tier].contact)) for tier in TIERS]


def _lines(policy: Policy) -> list[Line]:
    lines = [
        Line("At once" if not step.after else f"After {span(step.after)}", _whom(step.to))
        for step in policy.steps
    ]
    hours = policy.again.total_seconds() / 3600
    every = "Then every hour" if hours == 1 else f"Then every {span(policy.again)}"
    return [*lines, Line(every, _whom(LAST_RESORT))]


def _whom(words: tuple[str, ...]) -> str:
    said = " and ".join(WORDS[word] for word in words) or WORDS["team"]
    return said[0].upper() + said[1:]


def _holds(current: EscalationPolicy | None, clock: Clock) -> str:
    if current is None:
        return "The defaults hold: the team has no steps of its own."
    by = f"saved by {current.created_by.name} at {clock.moment(current.created_at)}"
    if current.document is None:
        return f"Version {current.version} holds, {by}: back to the defaults."
    return f"Version {current.version} holds, {by}."


def _version(row: EscalationPolicy, clock: Clock) -> Version:
    return Version(
        number=row.version,
        saved=clock.moment(row.created_at),
        by=row.created_by.name,
        what="" if row.document else "Back to the defaults",
        ladders=ladders_of(read(row.document)) if row.document else [],
    )
