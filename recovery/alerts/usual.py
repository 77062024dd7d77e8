"""The usual red flag in one statement: a patient's first report of something urgent, with nothing of theirs open and
nothing muted. So a thousand at once are on the board within seconds.

Everything else is told from it here and left to flagging.py, which knows every case and comes to the same on this one.
"""

import json
from datetime import datetime
from typing import Any, NamedTuple

from recovery import statements
from recovery.clinical.tiers import Tier
from recovery.escalation.policy import DEFAULT_DOCUMENT, read

_SECONDS = "CASE jsonb_typeof({of}) WHEN 'number' THEN ({of})::float END"

# `it` is empty where anything is unusual: no verdict yet, silence, a correction, a withdrawal, a new judgement of the
# same report, a finding that is not urgent (it may be cleared at once, by what came later), an alert that it joins.
_OPEN = f"""
    WITH it AS (
        SELECT a.id, a.clinic_id, a.episode_id, a.findings, e.team_id, e.rejudge_from IS NOT NULL AS to_rejudge,
               (SELECT document FROM recovery_escalationpolicy p WHERE p.team_id = e.team_id
                 ORDER BY version DESC LIMIT 1) AS own
          FROM recovery_assessment a
          JOIN recovery_episode e ON e.id = a.episode_id
          JOIN recovery_checkin c ON c.id = a.check_in_id
         WHERE a.id = %(assessment)s AND a.flagged_at IS NULL AND a.tier >= %(urgent)s
           AND a.revision = 1 AND c.revision = 1 AND c.withdrawn_at IS NULL
           AND NOT EXISTS (SELECT FROM recovery_assessment b WHERE b.check_in_id = a.check_in_id AND b.id < a.id)
           AND NOT EXISTS (SELECT FROM recovery_mute m WHERE m.episode_id = a.episode_id AND m.ended_at IS NULL)
           AND NOT EXISTS (SELECT FROM recovery_alert l
                            WHERE l.episode_id = a.episode_id AND l.status IN ('open', 'acknowledged'))
           AND NOT EXISTS (SELECT FROM jsonb_array_elements(a.findings) AS finding
                            WHERE finding ->> 'tier' <> ALL(%(urgent_codes)s::text[]))
           AND (SELECT count(*) = count(DISTINCT finding ->> 'rule') FROM jsonb_array_elements(a.findings) AS finding)
    ), found AS (
        SELECT finding ->> 'rule' AS rule, array_position(%(codes)s::text[], finding ->> 'tier') - 1 AS tier, place,
               policies, policies -> (finding ->> 'tier') AS policy
          FROM it, jsonb_array_elements(it.findings) WITH ORDINALITY AS each (finding, place),
               LATERAL (SELECT %(defaults)s::jsonb || coalesce(it.own, '{{}}') AS policies) AS held
    ), timed AS (
        SELECT found.*, taken, {_SECONDS.format(of="policy #> ARRAY['steps', taken::text, 'after_s']")} AS after_s,
               {_SECONDS.format(of="policy -> 'again_s'")} AS again_s
          FROM found, LATERAL (SELECT coalesce(policy @@ '$.steps[0].after_s == 0', FALSE)::int AS taken) AS first
    ), opened AS (
        INSERT INTO recovery_alert (uuid, clinic_id, team_id, episode_id, rule, tier, status, opened_at, tier_at,
               first_assessment_id, latest_assessment_id, changed_at, outcome, escalation, lap, lap_at, step,
               next_step_at)
        SELECT gen_random_uuid(), it.clinic_id, it.team_id, it.episode_id, rule, tier, 'open', %(now)s,
               %(now)s, it.id, it.id, %(now)s, '', policies - (%(codes)s::text[])[1:tier], 0, %(now)s, taken,
               %(now)s + make_interval(secs => coalesce(after_s, again_s))
          FROM it, timed
         ORDER BY place
     RETURNING id, clinic_id, tier
    ), told_of AS (
        INSERT INTO recovery_alertevent (clinic_id, alert_id, kind, at, tier, assessment_id, detail)
        SELECT clinic_id, id, 'opened', %(now)s, tier, %(assessment)s, '{{}}' FROM opened
    ), flagged AS (
        UPDATE recovery_assessment a SET flagged_at = %(now)s, flagged_by = %(by)s FROM it WHERE a.id = it.id
    )
    SELECT to_rejudge, ARRAY(SELECT id FROM opened ORDER BY id), team_id, own, ARRAY(SELECT tier FROM opened) FROM it
"""
_DEFAULTS = json.dumps(DEFAULT_DOCUMENT)
_CODES = [tier.code for tier in Tier]
_URGENT_CODES = [tier.code for tier in Tier if tier >= Tier.SAME_DAY]


class Opened(NamedTuple):
    """The alerts of one assessment, by id, with their tiers and the team's own policy, and whether later reports of the
    patient must be judged anew."""

    alerts: list[int]
    to_rejudge: bool
    team_id: int
    tiers: list[int]
    own_policy: dict[str, Any] | None

    def first_told(self) -> set[str]:
        """Whom the policy names first, in its words."""
        policies = read(self.own_policy)
        return {word for tier in self.tiers for word in policies[Tier(tier)].steps[0].to}


def open_alerts(assessment_id: int, *, by: str, now: datetime) -> Opened | None:
    """Open the alerts of this assessment and mark it flagged; None, with nothing done, where anything is unusual.

    Called by whoever holds the assessment and its episode.
    """
    parameters = {
        "assessment": assessment_id,
        "by": by,
        "now": now,
        "urgent": Tier.SAME_DAY,
        "urgent_codes": _URGENT_CODES,
        "codes": _CODES,
        "defaults": _DEFAULTS,
    }
    row = statements.fetch_one(_OPEN, parameters)
    if row is None:
        return None
    to_rejudge, alerts, team_id, own, tiers = row
    return Opened(alerts=alerts, to_rejudge=to_rejudge, team_id=team_id, tiers=tiers, own_policy=own)
