"""What silence judging reads, a batch at a time and no documents: the episodes that are due, and what was heard."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from recovery import statements
from recovery.clinical.facts import Procedure
from recovery.silence.closings import Closing, Told, Watched

# Only an active episode has a next_due_at (a constraint). Indexes: episode_due; the primary key.
_CLAIM = """
    SELECT id, clinic_id, procedure, procedure_at, risk_factors, protocol, next_due_at, extended_until, silence_attempts
    FROM recovery_episode
    WHERE {which}
    ORDER BY next_due_at
    LIMIT %(limit)s
    FOR NO KEY UPDATE SKIP LOCKED
"""
_DUE = "next_due_at <= %(now)s AND (silence_next_at IS NULL OR silence_next_at <= clock_timestamp())"
_CLAIM_DUE = _CLAIM.format(which=_DUE)
_CLAIM_ONE = _CLAIM.format(which="id = %(id)s AND next_due_at <= %(now)s")
_NAME_DUE = f"SELECT id FROM recovery_episode WHERE {_DUE} ORDER BY next_due_at LIMIT %(limit)s"

# Read by a statement of its own after the claim, so that it sees every report that was taken before the episode was
# locked. Indexes: check_in_history, one_current_assessment, and that of a pause's episode.
_HEARD = """
    SELECT heard.count, last.effective_at, last.tier, pauses.from_at, pauses.until_at
    FROM ROWS FROM (json_to_recordset(%(closings)s::json) AS (episode_id bigint, at timestamptz))
        WITH ORDINALITY closing (episode_id, at, place)
    CROSS JOIN LATERAL (
        SELECT count(*) FROM recovery_checkin
        WHERE episode_id = closing.episode_id AND effective_at <= closing.at
          AND status = 'completed' AND withdrawn_at IS NULL
    ) heard
    LEFT JOIN LATERAL (
        SELECT said.effective_at, verdict.tier FROM recovery_checkin said
        LEFT JOIN recovery_assessment verdict ON verdict.check_in_id = said.id AND verdict.is_current
        WHERE said.episode_id = closing.episode_id AND said.effective_at <= closing.at
          AND said.status = 'completed' AND said.withdrawn_at IS NULL
        ORDER BY said.effective_at DESC, said.client_id DESC
        LIMIT 1
    ) last ON true
    CROSS JOIN LATERAL (
        SELECT array_agg(from_at ORDER BY from_at) AS from_at, array_agg(until_at ORDER BY from_at) AS until_at
        FROM recovery_pause WHERE episode_id = closing.episode_id
    ) pauses
    ORDER BY closing.place
"""


def claim_due(*, limit: int, now: datetime) -> list[Watched]:
    """The episodes of which a slot has closed, the longest waiting first, locked. What somebody else has locked is left
    to them."""
    return [_watched(row) for row in statements.fetch_all(_CLAIM_DUE, {"limit": limit, "now": now})]


def claim_one(episode_id: int, *, now: datetime) -> list[Watched]:
    """The same for one episode, whatever failed before; none when nothing is due, or somebody else has it."""
    parameters = {"id": episode_id, "limit": 1, "now": now}
    return [_watched(row) for row in statements.fetch_all(_CLAIM_ONE, parameters)]


def name_due(*, limit: int, now: datetime) -> list[int]:
    return [row[0] for row in statements.fetch_all(_NAME_DUE, {"limit": limit, "now": now})]


def told_by(closings: Sequence[Closing]) -> list[Told]:
    """What is stored by each of these closings, in their order."""
    if not closings:
        return []
    rows = [{"episode_id": closing.episode.id, "at": closing.at.isoformat()} for closing in closings]
    return [
        Told(count, last_at, last_tier, list(zip(from_at or (), until_at or (), strict=True)))
        for count, last_at, last_tier, from_at, until_at in statements.fetch_all(
            _HEARD, {"closings": json.dumps(rows)}
        )
    ]


def _watched(row: Sequence[Any]) -> Watched:
    pk, clinic_id, kind, procedure_at, risk_factors, protocol, due_at, extended_until, failures = row
    procedure = Procedure(kind, procedure_at, frozenset(risk_factors))
    return Watched(pk, clinic_id, procedure, protocol, due_at, extended_until, failures)
