"""Everything that decides whether the board looks as it did a moment ago, in one statement.

An open board asks every few seconds, all day, on every desk. Together with the session that makes two statements,
however much is open, and an answer without a body while nothing has changed.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.utils.crypto import constant_time_compare

from recovery import statements
from recovery.alerts.moves import CLINICIANS
from recovery.clinical.tiers import Tier
from recovery.dashboard.screens.finding import SERVICE_RULES
from recovery.dashboard.screens.place import Clock
from recovery.dashboard.screens.trouble import LATE, Trouble, troubles_of
from recovery.dashboard.wording import span
from recovery.models import User

_PULSE = """
WITH mine AS (
    SELECT m.team_id, m.role, t.uuid, t.name, t.clinic_id
    FROM recovery_membership m JOIN recovery_user u ON u.id = m.user_id JOIN recovery_careteam t ON t.id = m.team_id
    WHERE m.user_id = %(user)s AND m.ended_at IS NULL AND u.is_active
), live AS MATERIALIZED (
    SELECT a.id, a.status, a.tier, a.rule, a.changed_at
    FROM recovery_alert a JOIN mine USING (team_id) WHERE a.status IN ('open', 'acknowledged')
), refused AS (
    SELECT q.received_at FROM recovery_quarantine q JOIN recovery_episode e ON e.id = q.episode_id
    JOIN mine USING (team_id) WHERE q.reviewed_at IS NULL
), untold AS (
    SELECT person.name, owed.failed, count(DISTINCT owed.alert_id) AS alerts
    FROM (SELECT alert_id, recipient_id, true AS failed FROM recovery_notification WHERE status = 'failed'
          UNION ALL
          SELECT alert_id, recipient_id, false FROM recovery_notification
          WHERE status IN ('waiting', 'sending') AND planned_at < %(late)s) owed
    JOIN live ON live.id = owed.alert_id JOIN recovery_user person ON person.id = owed.recipient_id
    GROUP BY 1, 2 ORDER BY 2 DESC, 1
)
SELECT me.password, me.is_active,
       (SELECT c.time_zone FROM mine JOIN recovery_clinic c ON c.id = mine.clinic_id ORDER BY team_id LIMIT 1),
       (SELECT coalesce(jsonb_agg(jsonb_build_array(team_id, role, uuid, name) ORDER BY name, team_id), '[]')
        FROM mine),
       (SELECT count(*) FROM live WHERE tier > %(routine)s),
       (SELECT count(*) FROM live WHERE tier = %(routine)s),
       (SELECT count(*) FROM live WHERE rule = %(unjudged)s),
       (SELECT coalesce(bit_xor(hashtextextended(concat_ws(':', id, status, tier, changed_at), 0)), 0) FROM live),
       (SELECT coalesce(bit_xor(hashtextextended(m.id::text, 0)), 0) FROM recovery_membership m
        JOIN recovery_user u ON u.id = m.user_id
        WHERE m.team_id IN (SELECT team_id FROM mine) AND m.ended_at IS NULL AND u.is_active),
       (SELECT count(*) FROM refused), (SELECT min(received_at) FROM refused),
       (SELECT coalesce(jsonb_agg(jsonb_build_array(name, failed, alerts)), '[]') FROM untold)
FROM recovery_user me WHERE me.id = %(user)s
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much waits on each of the tabs."""

    board: int
    reports: int
    review: int


@dataclass(frozen=True, slots=True)
class Outline:
    """What the board would show, cheaply: enough to say whether it has changed. `teams` are mine, by id, with names."""

    clock: Clock
    counts: Counts
    refused: int
    oldest_refused_at: datetime | None
    troubles: list[Trouble]
    teams: dict[str, str]
    clinician_in: frozenset[int]
    content: str

    @property
    def has_team(self) -> bool:
        return bool(self.teams)

    @property
    def refused_for(self) -> str:
        """How long the oldest refused report has waited to be read."""
        return span(self.clock.now - self.oldest_refused_at) if self.oldest_refused_at else ""

    def tag(self, variant: str = "") -> str:
        """Turns when the content does, with the day of the clinic, and with the variant (filters, page)."""
        day = self.clock.now.astimezone(self.clock.zone).date()
        return hashlib.sha256(f"{self.content}:{day}:{variant}".encode()).hexdigest()[:32]


def outline(user: User, now: datetime) -> Outline:
    """One statement, however much there is."""
    row = statements.fetch_one(_PULSE, _parameters(user.pk, now))
    if row is None:
        raise User.DoesNotExist
    return _outline(user.pk, row, now)


def outline_of_session(session: SessionBase, now: datetime) -> Outline | None:
    """The same for whoever holds this session, in one statement more; None when nobody is signed in by it."""
    pk = session.get(SESSION_KEY)
    row = statements.fetch_one(_PULSE, _parameters(int(pk), now)) if pk else None
    if row is None or not row[1]:
        return None
    expected = User(password=row[0]).get_session_auth_hash()
    if not constant_time_compare(session.get(HASH_SESSION_KEY, ""), expected):
        return None
    return _outline(int(str(pk)), row, now)


def _parameters(user: int, now: datetime) -> Mapping[str, Any]:
    return {
        "user": user,
        "late": now - LATE,
        "routine": int(Tier.ROUTINE),
        "unjudged": SERVICE_RULES[0],
    }


def _outline(user: int, row: tuple[Any, ...], now: datetime) -> Outline:
    _, _, zone, roles, board, review, unjudged, _, _, refused, oldest, untold = row
    clinicians = frozenset(team for team, role, _, _ in roles if role in CLINICIANS)
    return Outline(
        clock=Clock(now, ZoneInfo(zone or "UTC")),
        counts=Counts(board=board, reports=refused + unjudged, review=review),
        refused=refused,
        oldest_refused_at=oldest,
        troubles=troubles_of(untold),
        teams={uuid: name for _, _, uuid, name in roles},
        clinician_in=clinicians,
        content=repr((user, row[2:])),
    )
