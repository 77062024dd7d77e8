"""The alerts that were opened in a period: how many, what came of them, and how soon."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from recovery import statements
from recovery.clinical.tiers import Tier
from recovery.figures.period import Period
from recovery.models import Alert, CareTeam

ACTED_ON = (Alert.Outcome.SELF_CARE, Alert.Outcome.SEEN, Alert.Outcome.SENT_TO_EMERGENCY)
"""What followed for the patient. A call alone is none: every urgent alert asks for one."""

# Index: alert_by_opening.
_RAISED = """
    SELECT rule, tier, count(*),
           count(*) FILTER (WHERE ended_at IS NOT NULL),
           count(*) FILTER (WHERE outcome = ANY(%(acted_on)s) AND noise = ''),
           count(*) FILTER (WHERE ended_at IS NOT NULL AND noise <> '')
    FROM recovery_alert
    WHERE team_id = %(team)s AND opened_at >= %(from)s AND opened_at < %(to)s
    GROUP BY rule, tier
"""

# An alert is timed from when it reached its tier, as its target is. Index: alert_by_opening.
_WAITS = """
    WITH opened AS (
        SELECT tier, tier_at, ended_at,
               coalesce(acknowledged_at, CASE WHEN status = 'closed' THEN ended_at END) AS taken_on_at,
               coalesce(contacted_at, CASE WHEN patient_contacted THEN ended_at END) AS reached_at
        FROM recovery_alert
        WHERE team_id = %(team)s AND opened_at >= %(from)s AND opened_at < %(to)s
    )
    SELECT what, tier, count(*),
           count(*) FILTER (WHERE at >= tier_at),
           count(*) FILTER (WHERE at < tier_at),
           count(*) FILTER (WHERE at IS NULL AND ended_at IS NULL),
           percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY extract(epoch FROM at - tier_at)::float8)
               FILTER (WHERE at >= tier_at)
    FROM opened CROSS JOIN LATERAL (VALUES ('taken on', taken_on_at), ('reached', reached_at)) AS step (what, at)
    GROUP BY what, tier
"""


@dataclass(frozen=True, slots=True)
class Raised:
    """Alerts of one rule that came as far as one tier. Of those that ended, some were acted on, some were noise."""

    rule: str
    tier: Tier
    alerts: int
    ended: int
    acted_on: int
    noise: int


@dataclass(frozen=True, slots=True)
class Wait:
    """How long alerts of one tier waited for one thing. `timed` are those it came to since they reached the tier;
    `before` those it had come to earlier, at a lower tier; `waiting` those that wait still. The others ended without.
    """

    tier: Tier
    alerts: int
    timed: int
    before: int
    waiting: int
    median: timedelta | None
    p90: timedelta | None

    @property
    def without(self) -> int:
        return self.alerts - self.timed - self.before - self.waiting


@dataclass(frozen=True, slots=True)
class Waits:
    """The most urgent first."""

    taken_on: list[Wait]
    reached: list[Wait]


def raised(team: CareTeam, period: Period) -> list[Raised]:
    rows = statements.fetch_all(_RAISED, _of(team, period) | {"acted_on": [str(each) for each in ACTED_ON]})
    found = [Raised(rule, Tier(tier), *counts) for rule, tier, *counts in rows]
    return sorted(found, key=lambda each: (-each.tier, each.rule))


def waits(team: CareTeam, period: Period) -> Waits:
    rows = statements.fetch_all(_WAITS, _of(team, period))
    found = {(what, Tier(tier)): _wait(Tier(tier), *rest) for what, tier, *rest in rows}

    def of(what: str) -> list[Wait]:
        return [found[what, tier] for tier in sorted(Tier, reverse=True) if (what, tier) in found]

    return Waits(taken_on=of("taken on"), reached=of("reached"))


def total(counts: Iterable[Raised]) -> tuple[int, int, int, int]:
    """Alerts, ended, acted on, noise, over all of these."""
    alerts = ended = acted_on = noise = 0
    for each in counts:
        alerts, ended = alerts + each.alerts, ended + each.ended
        acted_on, noise = acted_on + each.acted_on, noise + each.noise
    return alerts, ended, acted_on, noise


def _wait(
    tier: Tier, alerts: int, timed: int, before: int, waiting: int, percentiles: list[float] | None
) -> Wait:
    median, p90 = (timedelta(seconds=seconds) for seconds in percentiles) if percentiles else (None, None)
    return Wait(tier, alerts, timed, before, waiting, median, p90)


def _of(team: CareTeam, period: Period) -> dict[str, object]:
    return {"team": team.pk, "from": period.from_at, "to": period.to_at}
