"""The check-ins that were due in a period, and which were answered: as the strip on a patient's page counts them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from recovery import statements
from recovery.clinical import protocol as protocols
from recovery.figures.period import Period
from recovery.models import CareTeam

AGES = (50, 65, 75, 85)
"""Where the next group begins: under 50, 50 to 64, ..., 85 and over."""
NO_RISK = ""
"""In place of a risk factor: the recoveries that have none."""

# Recovery by recovery, so that what it costs grows with the team and not with all check-ins there ever were.
# Indexes: episode_by_team, check_in_history.
_REPORTS = """
    SELECT coalesce(sum(felt.reports), 0)::bigint, count(*) FILTER (WHERE felt.reports > 0),
           array_agg(DISTINCT episode.protocol)
    FROM recovery_episode episode
    CROSS JOIN LATERAL (
        SELECT count(*) AS reports FROM recovery_checkin said
        WHERE said.episode_id = episode.id AND said.effective_at >= %(from)s AND said.effective_at < %(to)s
          AND said.status = 'completed' AND said.withdrawn_at IS NULL
    ) felt
    WHERE episode.team_id = %(team)s
"""

# A slot counts when it closes. It was not due when the patient was enrolled later, was in a pause or had ended by then;
# an answer counts all the same. Indexes: episode_by_team, check_in_history, and that of a pause's episode.
_DUE = """
    WITH slot AS (
        SELECT protocol, day, open_h * interval '1 hour' AS opens, close_h * interval '1 hour' AS closes
        FROM unnest(%(protocols)s::text[], %(days)s::int[], %(opens)s::float8[], %(closes)s::float8[])
            AS slot (protocol, day, open_h, close_h)
    ), closed AS MATERIALIZED (
        SELECT episode.*, slot.day, episode.procedure_at + slot.closes AS closes_at, EXISTS (
            SELECT FROM recovery_checkin said
            WHERE said.episode_id = episode.id
              AND said.effective_at >= episode.procedure_at + slot.opens
              AND said.effective_at < episode.procedure_at + slot.closes
              AND said.status = 'completed' AND said.withdrawn_at IS NULL
        ) AS answered
        FROM (
            SELECT id, patient_id, protocol, procedure_at, started_at, ended_at, risk_factors FROM recovery_episode
            WHERE team_id = %(team)s AND procedure_at >= %(earliest)s AND procedure_at < %(to)s
        ) episode
        JOIN slot USING (protocol)
        WHERE episode.procedure_at + slot.closes >= %(from)s AND episode.procedure_at + slot.closes < %(to)s
    ), due AS MATERIALIZED (
        SELECT closed.id, closed.day, closed.answered, closed.risk_factors, lower(patient.language) AS language,
               extract(year FROM age((closed.procedure_at AT TIME ZONE 'UTC')::date, patient.born_on))::int AS age
        FROM closed JOIN recovery_patient patient ON patient.id = closed.patient_id
        WHERE closed.answered
           OR closed.started_at < closed.closes_at
              AND (closed.ended_at IS NULL OR closed.ended_at >= closed.closes_at)
              AND NOT EXISTS (
                  SELECT FROM recovery_pause pause
                  WHERE pause.episode_id = closed.id AND pause.from_at <= closed.closes_at
                    AND (pause.until_at IS NULL OR pause.until_at > closed.closes_at)
              )
    )
    SELECT by, key, count(DISTINCT id), count(*), count(*) FILTER (WHERE answered)
    FROM due CROSS JOIN LATERAL (
        SELECT 'day', day::text
        UNION ALL SELECT 'age', width_bucket(age, %(ages)s::int[])::text
        UNION ALL SELECT 'language', split_part(replace(language, '_', '-'), '-', 1)
        UNION ALL SELECT 'risk', unnest(
            CASE WHEN risk_factors = '{}' THEN ARRAY[%(no_risk)s::text] ELSE risk_factors::text[] END)
    ) AS part (by, key)
    GROUP BY by, key
"""


@dataclass(frozen=True, slots=True)
class Reports:
    """Completed check-ins that were felt in the period, and of how many recoveries."""

    check_ins: int
    recoveries: int
    protocols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Due:
    """What was due of one group of recoveries."""

    recoveries: int
    due: int
    answered: int

    @property
    def missed(self) -> int:
        return self.due - self.answered


@dataclass(frozen=True, slots=True)
class DueBy:
    """The same check-ins looked at in four ways. A recovery with several risk factors stands under each of them."""

    day: Mapping[int, Due]
    risk: Mapping[str, Due]
    age: Mapping[int, Due]
    language: Mapping[str, Due]


def reports(team: CareTeam, period: Period) -> Reports:
    row = statements.fetch_one(_REPORTS, {"team": team.pk, "from": period.from_at, "to": period.to_at})
    check_ins, recoveries, versions = row or (0, 0, None)
    return Reports(check_ins, recoveries, tuple(versions or ()))


def due(team: CareTeam, period: Period, versions: Iterable[str], now: datetime) -> DueBy:
    """Of the slots that have closed by now, under the protocols that the team's recoveries follow."""
    slots = [(version, slot) for version in versions for slot in protocols.get_or_default(version).slots]
    longest = timedelta(hours=max((slot.close_h for _, slot in slots), default=0))
    rows = statements.fetch_all(
        _DUE,
        {
            "team": team.pk,
            "from": period.from_at,
            "to": min(period.to_at, now),
            "earliest": period.from_at - longest,
            "protocols": [version for version, _ in slots],
            "days": [day_of(slot.open_h, slot.close_h) for _, slot in slots],
            "opens": [float(slot.open_h) for _, slot in slots],
            "closes": [float(slot.close_h) for _, slot in slots],
            "ages": list(AGES),
            "no_risk": NO_RISK,
        },
    )
    by: dict[str, dict[str, Due]] = defaultdict(dict)
    for dimension, key, *counts in rows:
        by[dimension][key] = Due(*counts)
    return DueBy(
        day={int(key): by["day"][key] for key in sorted(by["day"], key=int)},
        risk=by["risk"],
        age={int(key): by["age"][key] for key in sorted(by["age"], key=int)},
        language=by["language"],
    )


def day_of(open_h: float, close_h: float) -> int:
    """The day that a slot is about: that of its middle."""
    return round((open_h + close_h) / 2 / 24)
