"""The little that is read of every live alert of somebody's teams, to put them in order and count them."""

from datetime import datetime
from typing import NamedTuple

from recovery import statements
from recovery.clinical.tiers import Tier
from recovery.models import User

# Index: alert_board, and nothing of the table where it was vacuumed. An alert whose owner has left the team waits like
# one that nobody has taken on.
_LIVE = """
WITH mine AS (
    SELECT m.team_id, t.uuid FROM recovery_membership m JOIN recovery_user u ON u.id = m.user_id
    JOIN recovery_careteam t ON t.id = m.team_id
    WHERE m.user_id = %(user)s AND m.ended_at IS NULL AND u.is_active
), there AS (
    SELECT m.team_id, m.user_id FROM recovery_membership m JOIN recovery_user u ON u.id = m.user_id
    WHERE m.team_id IN (SELECT team_id FROM mine) AND m.ended_at IS NULL AND u.is_active
)
SELECT a.id, a.episode_id, CASE WHEN there.user_id IS NULL THEN 'open' ELSE a.status END, a.tier, a.tier_at,
       a.contacted_at, a.rule, there.user_id, a.asked_id, mine.uuid::text
FROM recovery_alert a JOIN mine USING (team_id)
LEFT JOIN there ON there.team_id = a.team_id AND there.user_id = a.owner_id
WHERE a.status IN ('open', 'acknowledged') AND a.tier > %(routine)s
"""


class Live(NamedTuple):
    pk: int
    episode: int
    status: str
    tier: int
    tier_at: datetime
    contacted_at: datetime | None
    rule: str
    owner: int | None
    asked: int | None
    team: str


def live_of(user: User) -> list[Live]:
    """In no order; routine ones are reviewed elsewhere. One prepared statement: there may be thousands."""
    found = statements.fetch_all(_LIVE, {"user": user.pk, "routine": int(Tier.ROUTINE)})
    return [Live._make(row) for row in found]
