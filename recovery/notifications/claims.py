"""Claiming a message: for the length of a lease it is ours to send. Who dies with a lease loses it by time; who waits
for a slow provider renews it. Each statement is one of the prepared ones, for they run with every message."""

import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import transaction
from django.db.models import QuerySet

from recovery import statements
from recovery.clinical.tiers import Tier
from recovery.models import Notification
from recovery.notifications.database_clock import DatabaseClock
from recovery.notifications.sign_in_mail import REROUTED

# Whether somebody belongs to the team of the alert now.
COLLEAGUE = """EXISTS (
    SELECT FROM recovery_membership m JOIN recovery_user u ON u.id = m.user_id
     WHERE m.user_id = {who} AND m.team_id = a.team_id AND m.ended_at IS NULL AND u.is_active)"""

# Whether they can take an alert on, too: whoever was given another role has what they took on in their hands no more.
_CLINICIAN = COLLEAGUE.replace("AND u.is_active", "AND u.is_active AND m.role IN ('nurse', 'doctor')")

# Alerts that somebody took on (of `a`), and who of those is no nurse or doctor of the team any more, as the beginning
# of a statement. Owners are gone through from one to the next, however many alerts each has. Index: alert_in_hands.
TAKEN_ON = f"a.status = 'acknowledged' AND a.tier >= {Tier.WITHIN_24H:d}"
OWNERS_GONE = f"""
    WITH RECURSIVE owner AS (
        (SELECT a.team_id, a.owner_id FROM recovery_alert a WHERE {TAKEN_ON} ORDER BY 1, 2 LIMIT 1)
        UNION ALL
        SELECT next.* FROM owner CROSS JOIN LATERAL (
            SELECT a.team_id, a.owner_id FROM recovery_alert a
             WHERE {TAKEN_ON} AND (a.team_id, a.owner_id) > (owner.team_id, owner.owner_id) ORDER BY 1, 2 LIMIT 1
        ) next
    ), gone AS MATERIALIZED (
        SELECT * FROM owner a WHERE NOT {_CLINICIAN.format(who="a.owner_id")}
    )"""

# Whether an intent (`n`) tells the owner of an alert alone that the patient reported again.
FOR_ITS_OWNER = """(n.step LIKE 'repeat%%' AND EXISTS (
    SELECT FROM recovery_alert held
     WHERE held.id = n.alert_id AND held.status = 'acknowledged' AND held.owner_id = n.recipient_id))"""

# Whether somebody administers the clinic of the alert.
_ADMINISTRATOR = """EXISTS (
    SELECT FROM recovery_membership m
      JOIN recovery_user u ON u.id = m.user_id JOIN recovery_careteam t ON t.id = m.team_id
     WHERE m.user_id = {who} AND t.clinic_id = a.clinic_id AND m.role = 'admin' AND m.ended_at IS NULL
       AND u.is_active)"""

# An alert that ended needs nobody. One that somebody took on needs nobody else, unless it was raised after that (they
# have seen it as it was before); what repeats itself then is for its owner, and who was asked to take it over hears of
# that, as its owner does of what nobody has told the patient yet. When the owner has left, it is for all.
_WANTED = f"""(
    (a.status = 'open' AND n.step NOT LIKE 'reminded%%' OR a.status = 'acknowledged' AND (
        n.step LIKE 'raised%%' AND coalesce(a.taken_over_at, a.acknowledged_at) <= n.planned_at
        OR n.step LIKE 'reminded%%' AND n.recipient_id = a.owner_id AND a.next_step_at IS NOT NULL
        OR n.step LIKE 'repeat%%' AND n.recipient_id = a.owner_id
        OR n.step LIKE 'asked%%' AND n.recipient_id = a.asked_id
        OR NOT {COLLEAGUE.format(who="a.owner_id")}))
    AND ({COLLEAGUE.format(who="n.recipient_id")}
         OR (n.step LIKE 'step%%' OR n.step LIKE 'repeat%%') AND {_ADMINISTRATOR.format(who="n.recipient_id")}))"""

# The same as being waiting or sending, in words that keep the planner from reading all that are, by notification_due.
IS_OWED = "n.status NOT IN ('sent', 'failed', 'dropped')"

_OF_INTENT = """
          JOIN recovery_alert a ON a.id = n.alert_id
          JOIN recovery_user u ON u.id = n.recipient_id
          LEFT JOIN recovery_contact c ON c.id = n.contact_id"""
_SEEN = f"""n.id, {_WANTED} AS wanted, c.ended_at IS NULL AS in_use, a.uuid,
               coalesce(c.address, u.email) AS address, c.sealed_secrets,
               NOT {COLLEAGUE.format(who="n.recipient_id")} AS outside"""
_NEEDED = "(seen.wanted AND seen.in_use)"
_CLAIMED = f"""n.id, {_NEEDED} AS needed, n.step, n.tier, n.message_key, seen.uuid, seen.address, seen.sealed_secrets,
               n.channel, n.line, n.attempts, seen.wanted, seen.outside"""

# The first intent of a message stands for all of it: who locks that row may take the others, so two claimers neither
# share a message nor wait for each other. What is no longer needed is dropped on the way, untried; what is needed, but
# was to go to a contact that has ended, goes by the sign-in e-mail instead.
# Indexes: notification_due, notification_message.
_CLAIM = f"""
    WITH lead AS (
        SELECT n.message_key
          FROM recovery_notification n {statements.AS_IF_MANY}
         WHERE n.status IN ('waiting', 'sending') AND {{due}}
           AND n.channel <> ALL(%(channels)s::text[]) AND n.line <> ALL(%(lines)s::text[])
           AND NOT EXISTS (
               SELECT FROM recovery_notification earlier
                WHERE earlier.message_key = n.message_key AND earlier.id < n.id
                  AND earlier.status IN ('waiting', 'sending'))
         ORDER BY n.tier DESC, n.next_attempt_at
         LIMIT 1
           FOR UPDATE SKIP LOCKED
    ), seen AS MATERIALIZED (
        SELECT {_SEEN}
          FROM lead JOIN recovery_notification n ON n.message_key = lead.message_key {_OF_INTENT}
         WHERE n.status IN ('waiting', 'sending')
    ), claimed AS (
        UPDATE recovery_notification n
           SET status = CASE WHEN {_NEEDED} THEN 'sending' ELSE 'dropped' END,
               attempts = n.attempts + 1, next_attempt_at = clock_timestamp() + %(lease)s
          FROM seen
         WHERE n.id = seen.id AND {IS_OWED}
     RETURNING {_CLAIMED}, n.clinic_id
    ), tried AS (
        INSERT INTO recovery_attempt (clinic_id, notification_id, number, started_at, outcome, error)
        SELECT clinic_id, id, attempts, clock_timestamp(), '', '' FROM claimed WHERE needed
    ), rerouted AS ({REROUTED.format(ids="ARRAY(SELECT id FROM claimed WHERE wanted AND NOT needed)")})
    SELECT * FROM claimed ORDER BY id
"""
_DUE = "n.next_attempt_at <= statement_timestamp()"
# The watch leaves a fresh message to the nudge that follows it; who was nudged need not wait.
_OR_FRESH = f"({_DUE} OR n.status = 'waiting' AND n.attempts = 0)"
_THIS = "n.message_key = (SELECT message_key FROM recovery_notification WHERE id = %(id)s)"
_CLAIM_DUE = _CLAIM.format(due=_DUE)
_CLAIM_ANY = _CLAIM.format(due=_OR_FRESH)
_CLAIM_THIS = _CLAIM.format(due=f"{_THIS} AND {_OR_FRESH}")

# The last look of who took long to open the line: what is ours yet is held on to, if it is still needed.
_LOOK = f"""
    WITH seen AS MATERIALIZED (
        SELECT {_SEEN}
          FROM recovery_notification n {_OF_INTENT}
         WHERE n.id = ANY(%(ids)s::bigint[])
    ), looked AS (
        UPDATE recovery_notification n
           SET status = CASE WHEN {_NEEDED} THEN 'sending' ELSE 'dropped' END,
               next_attempt_at = clock_timestamp() + %(lease)s
          FROM seen
         WHERE n.id = seen.id AND n.status = 'sending' AND n.attempts = %(attempt)s
           AND n.next_attempt_at > statement_timestamp()
     RETURNING {_CLAIMED}
    ), untried AS (
        UPDATE recovery_attempt t SET ended_at = clock_timestamp()
          FROM looked
         WHERE NOT looked.needed AND t.notification_id = looked.id AND t.number = %(attempt)s
    ), rerouted AS ({REROUTED.format(ids="ARRAY(SELECT id FROM looked WHERE wanted AND NOT needed)")})
    SELECT * FROM looked ORDER BY id
"""
_RENEW = """
    UPDATE recovery_notification SET next_attempt_at = clock_timestamp() + %(lease)s
     WHERE id = ANY(%(ids)s::bigint[]) AND status = 'sending' AND attempts = %(attempt)s
       AND next_attempt_at > statement_timestamp()
 RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Intent:
    """What of a message one alert gave reason for. `is_outside`: its recipient is not of the alert's team."""

    id: int
    step: str
    tier: Tier
    key: UUID
    alert: UUID
    to: str
    sealed_secrets: str = field(repr=False)
    is_outside: bool = False


@dataclass(slots=True)
class Claim:
    """A message that is ours to send now, with what of it is needed. `line` is the provider that it goes through,
    `attempt` the fencing number: a later claim has a higher one."""

    channel: str
    line: str
    attempt: int
    ids: list[int]
    intents: list[Intent]
    _held_at: float = field(default_factory=time.monotonic)

    def is_fresh(self) -> bool:
        """Whether what was seen at the claim can be taken for what is so now."""
        return time.monotonic() - self._held_at < 0.5

    def look_again(self) -> None:
        """See what of it is still ours and still to be told, and hold on to that."""
        rows = statements.fetch_all(_LOOK, self._parameters())
        self.intents = [_intent(row) for row in rows if row[1]]
        self._held_at = time.monotonic()

    def keep(self) -> None:
        """For who waits for a provider: renew the lease when a third of it is over."""
        if time.monotonic() - self._held_at > settings.DELIVERY_LEASE_S / 3:
            with suppress(
                DatabaseError
            ):  # then the lease runs out; the provider's answer is waited for all the same
                statements.fetch_all(_RENEW, self._parameters())
            self._held_at = time.monotonic()

    def _parameters(self) -> dict[str, Any]:
        return {"ids": self.ids, "attempt": self.attempt, "lease": _lease()}


@dataclass(frozen=True, slots=True)
class But:
    """What a claim leaves alone: all messages of these channels, and those that go through these lines."""

    channels: Collection[str] = ()
    lines: Collection[str] = ()


def claim_next(*, fresh: bool = False, but: But = But()) -> Claim | None:
    """The most urgent message that is due (or fresh), or None. The attempt is on record before anything is sent."""
    return _claim(_CLAIM_ANY if fresh else _CLAIM_DUE, but)


def claim(notification_id: int, *, but: But = But()) -> Claim | None:
    """The message of this notification; None when it is gone, being sent by somebody else, or to be tried later."""
    return _claim(_CLAIM_THIS, but, id=notification_id)


def ours(held: Claim) -> QuerySet[Notification]:
    """What of a claim nobody has taken over. A lease that ran out is not ours, even if nobody came yet."""
    return Notification.objects.filter(
        pk__in=held.ids,
        status=Notification.Status.SENDING,
        attempts=held.attempt,
        next_attempt_at__gt=DatabaseClock(),
    )


def _claim(statement: str, but: But, **parameters: Any) -> Claim | None:
    with transaction.atomic(durable=True):
        pass  # durable refuses to be inside a transaction, which would then stay open while the message is sent
    parameters |= {"lease": _lease(), "channels": list(but.channels), "lines": list(but.lines)}
    rows = statements.fetch_all(statement, parameters)
    if not rows:
        return None
    needed = [row for row in rows if row[1]]
    channel, line, attempt = (needed or rows)[0][8:11]
    intents = [_intent(row) for row in needed]
    return Claim(
        channel=channel, line=line, attempt=attempt, ids=[intent.id for intent in intents], intents=intents
    )


def _intent(row: tuple[Any, ...]) -> Intent:
    id_, _, step, tier, key, alert, to, sealed_secrets, *_ = row
    return Intent(id_, step, Tier(tier), key, alert, to, sealed_secrets or "", is_outside=row[12])


def _lease() -> timedelta:
    return timedelta(seconds=settings.DELIVERY_LEASE_S)
