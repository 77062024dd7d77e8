"""Claiming a letter: for the length of a lease it is ours to send. As with messages of alerts
(notifications/claims.py), but that each stands alone."""

import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import transaction

from recovery import statements
from recovery.notifications.claims import But

# One that has expired, whose contact has ended, or who it is for was locked out, is dropped on the way; so is a
# reminder of a check-in that is there by now, or of a recovery that does not run. One that has expired is found though
# its line rests. Indexes: letter_due; reminder's uuid; check_in_history.
_CLAIM = """
    WITH lead AS (
        SELECT l.id FROM recovery_letter l
         WHERE l.status IN ('waiting', 'sending') AND l.due_at <= %(now)s
           AND l.next_attempt_at <= statement_timestamp() AND l.channel <> ALL(%(channels)s::text[])
           AND (l.line <> ALL(%(lines)s::text[]) OR l.expires_at <= %(now)s)
         ORDER BY l.due_at
         LIMIT 1
           FOR UPDATE SKIP LOCKED
    ), seen AS MATERIALIZED (
        SELECT l.id,
               l.expires_at > %(now)s AND c.ended_at IS NULL AND u.is_active IS NOT FALSE
               AND CASE WHEN l.kind = 'reminder' THEN EXISTS (
                   SELECT FROM recovery_reminder r JOIN recovery_episode e ON e.id = r.episode_id
                    WHERE r.uuid = l.key::uuid AND r.episode_id = l.episode_id AND e.status = 'active'
                      AND NOT EXISTS (SELECT FROM recovery_checkin said
                                       WHERE said.episode_id = r.episode_id AND said.effective_at >= r.since
                                         AND said.status = 'completed' AND said.withdrawn_at IS NULL)
               ) ELSE true END AS needed,
               coalesce(c.address, u.email, '') AS address, coalesce(c.sealed_secrets, '') AS sealed_secrets
          FROM lead JOIN recovery_letter l ON l.id = lead.id
          LEFT JOIN recovery_contact c ON c.id = l.contact_id
          LEFT JOIN recovery_user u ON u.id = l.user_id
    )
    UPDATE recovery_letter l
       SET status = CASE WHEN seen.needed THEN 'sending' ELSE 'dropped' END,
           sealed_code = CASE WHEN seen.needed THEN l.sealed_code ELSE '' END,
           attempts = l.attempts + 1, next_attempt_at = clock_timestamp() + %(lease)s
      FROM seen
     WHERE l.id = seen.id
 RETURNING seen.needed, l.id, l.uuid, l.kind, l.channel, l.line, l.attempts, seen.address, l.sealed_address,
           seen.sealed_secrets, l.sealed_code, l.detail
"""
_RENEW = """
    UPDATE recovery_letter SET next_attempt_at = clock_timestamp() + %(lease)s
     WHERE id = %(id)s AND status = 'sending' AND attempts = %(attempt)s AND next_attempt_at > statement_timestamp()
 RETURNING id
"""


@dataclass(slots=True)
class Claim:
    """A letter that is ours to send now, if it is still `needed`. `attempt` is the fencing number."""

    needed: bool
    id: int
    uuid: UUID
    kind: str
    channel: str
    line: str
    attempt: int
    address: str = field(repr=False)
    sealed_address: str = field(repr=False)
    sealed_secrets: str = field(repr=False)
    sealed_code: str = field(repr=False)
    detail: dict[str, str]
    _held_at: float = field(default_factory=time.monotonic)

    def is_fresh(self) -> bool:
        return time.monotonic() - self._held_at < 0.5

    def hold_on(self) -> bool:
        """Whether it is still ours, and was not cancelled meanwhile; if so the lease begins anew."""
        self._held_at = time.monotonic()
        return bool(statements.fetch_all(_RENEW, {"id": self.id, "attempt": self.attempt, "lease": _lease()}))

    def keep(self) -> None:
        """For who waits for a provider: renew the lease when a third of it is over."""
        if time.monotonic() - self._held_at > settings.DELIVERY_LEASE_S / 3:
            with suppress(DatabaseError):  # then the lease runs out; the answer is waited for all the same
                self.hold_on()


def claim_next(now: datetime, *, but: But) -> Claim | None:
    """The letter that has been due for longest, or None."""
    with transaction.atomic(durable=True):
        pass  # durable refuses to be inside a transaction, which would then stay open while the letter is sent
    parameters: dict[str, Any] = {
        "now": now,
        "lease": _lease(),
        "channels": list(but.channels),
        "lines": list(but.lines),
    }
    row = statements.fetch_one(_CLAIM, parameters)
    return Claim(*row) if row else None


def _lease() -> timedelta:
    return timedelta(seconds=settings.DELIVERY_LEASE_S)
