"""Which patients stand on one page of the board, in which order, and how much there is of everything.

In the database, by one prepared statement: of thousands of live alerts only those of one page leave it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from recovery import statements
from recovery.clinical.tiers import Tier
from recovery.dashboard.screens.filters import TIERS, Filters, silences
from recovery.dashboard.screens.finding import SERVICE_RULES
from recovery.dashboard.targets import within
from recovery.models import Alert, User

# Index: alert_board, and nothing of the table where it was vacuumed. An alert whose owner has left the team waits like
# one that nobody has taken on. `place` is the order of targets.due, in one number: worst tier first, then whose next
# step is due; two patients of one place stand in the order of their episodes.
_QUEUE = """
WITH mine AS (
    SELECT m.team_id, t.uuid::text AS team FROM recovery_membership m JOIN recovery_user u ON u.id = m.user_id
    JOIN recovery_careteam t ON t.id = m.team_id
    WHERE m.user_id = %(user)s AND m.ended_at IS NULL AND u.is_active
), there AS (
    SELECT m.team_id, m.user_id FROM recovery_membership m JOIN recovery_user u ON u.id = m.user_id
    WHERE m.team_id IN (SELECT team_id FROM mine) AND m.ended_at IS NULL AND u.is_active
), known AS (
    SELECT a.id, a.episode_id, a.tier, a.changed_at, mine.team, there.user_id IS NULL AS nobodys,
           coalesce(%(user)s IN (there.user_id, a.asked_id), false) AS own,
           a.rule = ANY(%(silences)s::text[]) AS silent, a.rule = ANY(%(services)s::text[]) AS unjudged,
           CASE WHEN there.user_id IS NULL THEN a.tier_at + (%(take_on)s::interval[])[a.tier]
                WHEN coalesce(a.contacted_at < a.tier_at, true)
                THEN a.tier_at + (%(reach)s::interval[])[a.tier] END AS due_at
    FROM recovery_alert a JOIN mine USING (team_id)
    LEFT JOIN there ON there.team_id = a.team_id AND there.user_id = a.owner_id
    WHERE a.status IN ('open', 'acknowledged') AND a.tier > %(routine)s
), live AS MATERIALIZED (
    SELECT *, coalesce(date_part('epoch', due_at), 1e11) - tier * 1e12::float8 AS place,
           (own OR NOT %(only_own)s) AND (nobodys OR NOT %(only_nobodys)s) AS by_owner,
           (silent OR NOT %(only_silent)s) AND (unjudged OR NOT %(only_unjudged)s) AS by_subject,
           %(tier)s IN (0, tier) AS by_tier, %(team)s IN ('', team) AS by_team
    FROM known
), cases AS MATERIALIZED (
    SELECT episode_id, min(place) AS place, max(tier) AS tier,
           bool_or(by_owner AND by_subject AND by_tier AND by_team) AS chosen
    FROM live GROUP BY episode_id
), page AS (
    SELECT episode_id, place FROM cases WHERE chosen ORDER BY place, episode_id
    LIMIT %(size)s OFFSET (SELECT LEAST(%(page)s, GREATEST(count(*) - 1, 0) / %(size)s + 1) - 1
                           FROM cases WHERE chosen) * %(size)s
), shown AS (
    SELECT live.*, row_number() OVER (ORDER BY page.place, episode_id, live.place, live.id) AS nth
    FROM page JOIN live USING (episode_id)
), counted AS (
    SELECT count(*) AS live, count(*) FILTER (WHERE nobodys) AS waiting,
           jsonb_build_object(
               'mine', count(*) FILTER (WHERE own AND by_subject AND by_tier AND by_team),
               'nobody', count(*) FILTER (WHERE nobodys AND by_subject AND by_tier AND by_team),
               'silent', count(*) FILTER (WHERE silent AND by_owner AND by_tier AND by_team),
               'unjudged', count(*) FILTER (WHERE unjudged AND by_owner AND by_tier AND by_team),
               'emergency', count(*) FILTER (WHERE tier = 4 AND by_owner AND by_subject AND by_team),
               'same_day', count(*) FILTER (WHERE tier = 3 AND by_owner AND by_subject AND by_team),
               'within_24h', count(*) FILTER (WHERE tier = 2 AND by_owner AND by_subject AND by_team)) AS numbers
    FROM live
), tiers AS (
    SELECT tier, count(*) AS patients, count(*) FILTER (WHERE chosen) AS chosen FROM cases GROUP BY tier
), teams AS (
    SELECT mine.team, count(live.id) FILTER (WHERE by_owner AND by_subject AND by_tier) AS alerts
    FROM mine LEFT JOIN live USING (team) WHERE (SELECT count(*) FROM mine) > 1 GROUP BY mine.team
)
SELECT counted.*, (SELECT jsonb_object_agg(tier, patients) FROM tiers),
       (SELECT jsonb_object_agg(tier, chosen) FROM tiers), (SELECT jsonb_object_agg(team, alerts) FROM teams),
       ARRAY(SELECT episode_id FROM shown ORDER BY nth), ARRAY(SELECT id FROM shown ORDER BY nth),
       ARRAY(SELECT changed_at FROM shown ORDER BY nth), ARRAY(SELECT nobodys FROM shown ORDER BY nth)
FROM counted
"""

_TIERS = [tier for tier in Tier if tier > Tier.NONE]
"""PostgreSQL counts the elements of an array from one."""


class Listed(NamedTuple):
    """An alert in the state that it has had since it was changed; `nobodys` also since its owner left the team."""

    pk: int
    changed_at: datetime
    nobodys: bool


@dataclass(frozen=True, slots=True)
class Queue:
    """`cases`: the alerts of each patient of the page, in order. `numbers`: how many alerts each single choice shows,
    by its value; `in_teams` the same by team."""

    live: int
    waiting: int
    patients_by_tier: dict[Tier, int]
    chosen_by_tier: dict[Tier, int]
    numbers: dict[str, int]
    in_teams: dict[str, int]
    cases: list[tuple[Listed, ...]]

    @property
    def patients(self) -> int:
        return sum(self.patients_by_tier.values())

    @property
    def chosen(self) -> int:
        """How many patients the filters leave, on all pages."""
        return sum(self.chosen_by_tier.values())

    @property
    def hidden_emergencies(self) -> int:
        return self.patients_by_tier.get(Tier.EMERGENCY, 0) - self.chosen_by_tier.get(Tier.EMERGENCY, 0)


def queue_of(user: User, filters: Filters, *, size: int) -> Queue:
    """One page of so many patients; the last one where there are fewer pages."""
    row = statements.fetch_one(_QUEUE, _parameters(user, filters, size))
    assert row is not None  # it counts
    live, waiting, numbers, patients, chosen, in_teams, *shown = row
    cases: dict[int, list[Listed]] = {}
    for episode, *alert in zip(*shown, strict=True):
        cases.setdefault(episode, []).append(Listed(*alert))
    return Queue(
        live=live,
        waiting=waiting,
        patients_by_tier=_by_tier(patients),
        chosen_by_tier=_by_tier(chosen),
        numbers=numbers,
        in_teams=in_teams or {},
        cases=[tuple(case) for case in cases.values()],
    )


def _parameters(user: User, filters: Filters, size: int) -> Mapping[str, Any]:
    return {
        "user": user.pk,
        "routine": int(Tier.ROUTINE),
        "take_on": [within(Alert.Status.OPEN, tier) for tier in _TIERS],
        "reach": [within(Alert.Status.ACKNOWLEDGED, tier) for tier in _TIERS],
        "silences": sorted(silences()),
        "services": list(SERVICE_RULES),
        "only_own": filters.owner == "mine",
        "only_nobodys": filters.owner == "nobody",
        "only_silent": filters.subject == "silent",
        "only_unjudged": filters.subject == "unjudged",
        "tier": int(TIERS.get(filters.tier, 0)),
        "team": filters.team,
        "page": filters.page,
        "size": size,
    }


def _by_tier(members: Mapping[str, int] | None) -> dict[Tier, int]:
    return {Tier(int(tier)): count for tier, count in (members or {}).items()}
