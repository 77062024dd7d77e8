"""Claiming a message: for the length of a lease it is ours to send. Who dies with a lease loses it by time."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from recovery.models import Alert, Membership, Notification
from recovery.notifications.database_clock import DatabaseClock

# One statement. The first intent of a message stands for all of it: who locks that row may take the others, so two
# claimers neither share a message nor wait for each other. Indexes: notification_due, notification_message.
_CLAIM = """
    WITH lead AS (
        SELECT n.message_key
          FROM recovery_notification n
         WHERE n.status IN ('waiting', 'sending')
           AND {due}
           AND NOT EXISTS (
               SELECT FROM recovery_notification earlier
                WHERE earlier.message_key = n.message_key AND earlier.id < n.id
                  AND earlier.status IN ('waiting', 'sending'))
         ORDER BY n.tier DESC, n.next_attempt_at
         LIMIT 1
           FOR UPDATE SKIP LOCKED
    ), claimed AS (
        UPDATE recovery_notification n
           SET status = 'sending', attempts = n.attempts + 1, next_attempt_at = clock_timestamp() + %(lease)s
          FROM lead
         WHERE n.message_key = lead.message_key AND n.status IN ('waiting', 'sending')
     RETURNING n.id, n.clinic_id, n.channel, n.attempts
    ), tried AS (
        INSERT INTO recovery_attempt (clinic_id, notification_id, number, started_at, outcome, error)
        SELECT clinic_id, id, attempts, clock_timestamp(), '', '' FROM claimed
    )
    SELECT id, channel, attempts FROM claimed
"""
_ANY = _CLAIM.format(due="n.next_attempt_at <= clock_timestamp()")
_ONE = _CLAIM.format(
    # A nudge comes right after the plan and need not wait for the watch's grace.
    due="""n.message_key = (SELECT message_key FROM recovery_notification WHERE id = %(id)s)
           AND (n.next_attempt_at <= clock_timestamp() OR (n.status = 'waiting' AND n.attempts = 0))"""
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that is ours to send now. `attempt` is the fencing number: a later claim has a higher one."""

    ids: list[int]
    channel: str
    attempt: int


def claim_due() -> Claim | None:
    """The most urgent message that is due, or None. The attempt is on record before anything is sent."""
    return _claim(_ANY)


def claim(notification_id: int) -> Claim | None:
    """The message of this notification; None when it is gone, being sent by somebody else, or to be tried later."""
    return _claim(_ONE, id=notification_id)


def ours(held: Claim) -> QuerySet[Notification]:
    """What of a claim nobody has taken over. A lease that ran out is not ours, even if nobody came yet."""
    return Notification.objects.filter(
        pk__in=held.ids,
        status=Notification.Status.SENDING,
        attempts=held.attempt,
        next_attempt_at__gt=DatabaseClock(),
    )


def _colleague(user: str) -> Exists:
    """Whether this user belongs to the team of the alert now."""
    return Exists(
        Membership.objects.filter(
            user=OuterRef(user), user__is_active=True, team=OuterRef("alert__team"), ended_at=None
        )
    )


# An alert that ended needs nobody. One that somebody took on needs nobody else, unless it was raised (they may have
# seen it as it was before); what repeats itself then is for its owner, or for everybody when the owner has left.
NEEDED = Q(alert__status=Alert.Status.OPEN) | Q(alert__status=Alert.Status.ACKNOWLEDGED) & (
    Q(step__startswith="raised")
    | Q(step__startswith="repeat") & (Q(recipient=F("alert__owner")) | ~Q(_colleague("alert__owner")))
)


def still_needed(held: Claim) -> list[Notification]:
    """The intents of a claim that are ours and still to be told, with what their message needs. Asked last thing before
    sending: much may have happened since the plan."""
    needed = ours(held).filter(NEEDED, _colleague("recipient"))
    return list(needed.select_related("alert", "recipient").order_by("pk"))


def _claim(statement: str, **parameters: Any) -> Claim | None:
    lease = timedelta(seconds=settings.DELIVERY_LEASE_S)
    # durable: refuses to run inside a transaction, which would then stay open while the message is sent
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(statement, {"lease": lease} | parameters)
        rows = cursor.fetchall()
    if not rows:
        return None
    return Claim(ids=sorted(row[0] for row in rows), channel=rows[0][1], attempt=rows[0][2])
