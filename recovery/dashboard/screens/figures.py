"""The page of figures: one team, one period, every figure with its definition."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from recovery import access, figures
from recovery.clinical.tiers import Tier
from recovery.dashboard.screens import figures_alerts, figures_slots
from recovery.dashboard.screens.figure import Figure
from recovery.dashboard.screens.place import Clock
from recovery.dashboard.wording import counted, day
from recovery.figures import Period, per_100
from recovery.figures.budget import MAY_SET
from recovery.models import CareTeam, User

USUAL = 28
SPANS = (7, 28, 84)
"""Days up to today that a link leads to: a week, four, and a whole recovery."""


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    address: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Loud:
    """A rule that breaks the budget, and what came of its alerts."""

    name: str
    words: str


@dataclass(frozen=True, slots=True)
class Budget:
    number: int
    sentence: str
    over: list[Loud]
    may_set: bool


@dataclass(frozen=True, slots=True)
class Page:
    clock: Clock
    team: CareTeam
    period: str
    heard: str
    still_runs: bool
    links: list[Link]
    budget: Budget
    figures: list[Figure]
    query: str

    @property
    def has_anything(self) -> bool:
        return any(figure.lines for figure in self.figures)


def teams_of(user: User) -> list[CareTeam]:
    return list(access.teams(user).select_related("clinic").order_by("name", "pk"))


def chosen_of(teams: Sequence[CareTeam], uuid: str | None) -> CareTeam:
    """The first one unless one is named. Raises CareTeam.DoesNotExist when that is not theirs."""
    for team in teams:
        if uuid is None or str(team.uuid) == uuid:
            return team
    raise CareTeam.DoesNotExist


def clock_at(team: CareTeam, now: datetime) -> Clock:
    return Clock(now, ZoneInfo(team.clinic.time_zone))


def usual(clock: Clock) -> Period:
    return figures.last_days(USUAL, clock.now, clock.zone)


def drawn(team: CareTeam, period: Period, now: datetime) -> list[Figure]:
    return _figures(figures.of(team, period, now=now))


def show(user: User, team: CareTeam, period: Period, now: datetime) -> Page:
    """As many statements for a year of a large team as for an empty one."""
    clock = clock_at(team, now)
    found = figures.of(team, period, now=now)
    reports = found.reports
    heard = counted(reports.check_ins, "completed check-in", "completed check-ins")
    return Page(
        clock=clock,
        team=team,
        period=_period_words(period),
        heard=f"{heard} of {counted(reports.recoveries, 'recovery', 'recoveries')}",
        still_runs=period.to_at > now,
        links=[_link(team, days, period, clock) for days in SPANS],
        budget=_budget(found, _may_set(user, team)),
        figures=_figures(found),
        query=query_of(team, period.first, period.last),
    )


def query_of(team: CareTeam, first: date | None, last: date | None) -> str:
    """As it stands in the address, in one order."""
    days = {"first": first.isoformat(), "last": last.isoformat()} if first and last else {}
    return urlencode({"team": str(team.uuid)} | days)


def _figures(found: figures.Figures) -> list[Figure]:
    return [
        figures_alerts.by_tier(found),
        figures_alerts.by_rule(found),
        figures_alerts.taken_on(found),
        figures_alerts.reached(found),
        figures_slots.by_day(found),
        figures_slots.by_risk(found),
        figures_slots.by_age(found),
        figures_slots.by_language(found),
    ]


def _period_words(period: Period) -> str:
    if period.days == 1:
        return day(period.first)
    return f"{day(period.first)} to {day(period.last)}, {period.days} days"


def _link(team: CareTeam, days: int, chosen: Period, clock: Clock) -> Link:
    period = figures.last_days(days, clock.now, clock.zone)
    return Link(f"Last {days} days", f"?{query_of(team, period.first, period.last)}", period == chosen)


def _budget(found: figures.Figures, may_set: bool) -> Budget:
    kept = found.budget
    rate = per_100(kept.alerts, kept.check_ins)
    means = f"the team means to work on at most {kept.budget}"
    if rate is None:
        few = counted(kept.check_ins, "check-in is", "check-ins are")
        sentence = f"{few} too few to hold the alerts against the budget: {means} for each 100."
    elif kept.over:
        sentence = f"Over budget: {rate:.1f} alerts on the board for each 100 check-ins; {means}."
    else:
        sentence = f"Within budget: {rate:.1f} alerts on the board for each 100 check-ins; {means}."
    names = figures_alerts.rule_names(found)
    over = [Loud(names.get(rule, rule), _came_of(rule, found)) for rule in kept.over or ()]
    return Budget(kept.budget, sentence, over, may_set)


def _came_of(rule: str, found: figures.Figures) -> str:
    """Of its alerts that came on the board."""
    counted_alerts = [each for each in found.raised if each.rule == rule and each.tier > Tier.ROUTINE]
    alerts, ended, acted_on, noise = figures.total(counted_alerts)
    came = f"of {ended} that ended, {acted_on} acted on and {noise} noise" if ended else "none has ended"
    return f"{counted(alerts, 'alert', 'alerts')}; {came}"


def _may_set(user: User, team: CareTeam) -> bool:
    return access.memberships(user).filter(team=team, role__in=MAY_SET).exists()
