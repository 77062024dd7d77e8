"""What became of an attempt, written down. Each is one transaction; each does nothing where it comes too late."""

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Greatest

from recovery import statements
from recovery.models import Alert, AlertEvent, Attempt, Notification
from recovery.notifications import Road
from recovery.notifications.claims import IS_OWED, Claim, ours
from recovery.notifications.database_clock import DatabaseClock, after
from recovery.notifications.plan import ASKED
from recovery.notifications.sign_in_mail import REROUTED

log = logging.getLogger(__name__)

Status = Notification.Status
OWED = (Status.WAITING, Status.SENDING)
UNDER_WAY = (*OWED, Status.SENT)

TRIES = 3
"""At writing down that a message was sent. Each waits for a lock for two seconds at most."""

AGAIN_S = 0.5
"""After this. Who waits for what we have let go of needs a moment to wake up and take it: at once, we would take it
before they do, and be killed for it again."""

# One statement, for it comes with every message. That a colleague was asked limits no repeats (plan.py). Alerts are
# locked in the order of their ids, so that two messages about the same alerts cannot wait for each other.
_SENT = f"""
    WITH tried AS (
        UPDATE recovery_attempt SET ended_at = clock_timestamp(), outcome = 'sent'
         WHERE notification_id = ANY(%(ids)s::bigint[]) AND number = %(attempt)s AND ended_at IS NULL
    ), sent AS (
        UPDATE recovery_notification n
           SET status = 'sent', sent_at = %(now)s, sent_by = %(road)s, provider_id = %(provider_id)s, last_error = ''
         WHERE n.id = ANY(%(ids)s::bigint[]) AND {IS_OWED}
     RETURNING n.id, n.clinic_id, n.alert_id, n.tier, n.step, n.channel, n.recipient_id
    ), told AS (
        INSERT INTO recovery_alertevent (clinic_id, alert_id, kind, at, tier, detail)
        SELECT sent.clinic_id, sent.alert_id, 'told', %(now)s, sent.tier,
               jsonb_build_object('to', u.uuid, 'channel', sent.channel, 'step', sent.step)
          FROM sent JOIN recovery_user u ON u.id = sent.recipient_id
         ORDER BY sent.id
    ), concerned AS (
        SELECT id FROM recovery_alert WHERE id IN (SELECT alert_id FROM sent) ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE recovery_alert a
       SET told_at = CASE WHEN CASE WHEN a.told_at IS NULL
                                    THEN EXISTS (
                                        SELECT FROM sent JOIN recovery_membership m ON m.user_id = sent.recipient_id
                                         WHERE sent.alert_id = a.id AND m.team_id = a.team_id AND m.ended_at IS NULL)
                                    ELSE EXISTS (
                                        SELECT FROM sent
                                         WHERE sent.alert_id = a.id AND sent.step NOT LIKE '{ASKED}%%') END
                          THEN GREATEST(a.told_at, %(now)s) ELSE a.told_at END,
           changed_at = GREATEST(a.changed_at, %(now)s)
      FROM concerned WHERE a.id = concerned.id
 RETURNING a.id
"""
_INSTEAD = REROUTED.format(ids="%(ids)s::bigint[]")


def sent(held: Claim, *, provider_id: str, road: Road, now: datetime) -> None:
    """It left: the alert's history says so. True even if our lease ran out over it, so nobody asks whether it did.

    What is not written down leaves again. So it is tried a few times where somebody else holds an alert of it, or we
    and they wait for each other, and the lease is held on to meanwhile; and where the database is lost, for as long as
    a lease: there is nothing else to do then, and whoever comes next would wait for the lease as well.
    """
    ids = [intent.id for intent in held.intents]
    gives_up_at = time.monotonic() + settings.DELIVERY_LEASE_S
    for tried in count(1):
        try:
            has_left(ids, attempt=held.attempt, provider_id=provider_id, road=road, now=now)
            return
        except OperationalError as error:
            if connection.in_atomic_block:
                raise
            connection.close_if_unusable_or_obsolete()
            is_lost = connection.connection is None
            if time.monotonic() > gives_up_at if is_lost else tried >= TRIES:
                raise
            log.warning(
                "notification %s was sent, which is not recorded yet: %s", held.ids[0], type(error).__name__
            )
            time.sleep(AGAIN_S)
            held.keep()


def has_left(ids: Sequence[int], *, attempt: int, provider_id: str, road: Road, now: datetime) -> None:
    """What of these is not known yet to have left."""
    statements.fetch_all(
        _SENT,
        {"ids": list(ids), "attempt": attempt, "provider_id": provider_id, "road": road, "now": now},
    )


@transaction.atomic
def failed_for_now(held: Claim, *, code: str, not_before: timedelta = timedelta()) -> None:
    """To be tried again, for as long as an alert of it is live."""
    _end(held, Attempt.Outcome.TEMPORARY, code)
    wait = max(back_off(held.attempt), not_before)
    ours(held).update(status=Status.WAITING, last_error=code, next_attempt_at=after(wait))


@transaction.atomic
def failed_for_good(held: Claim, *, code: str, now: datetime) -> None:
    """This person cannot be told there. The state stays, for the board to show that somebody was not reached; the
    alert's history says so, too. Where they are told nowhere else, the e-mail that they sign in with is tried.

    The alerts are locked first: so of two contacts that fail at once, the second sees that of the first.
    """
    of_claim = Notification.objects.filter(pk__in=held.ids).values("alert")
    list(
        Alert.objects.select_for_update(no_key=True).filter(pk__in=of_claim).order_by("pk").values_list("pk")
    )
    _end(held, Attempt.Outcome.PERMANENT, code)
    undelivered(ours(held), code=code, now=now)


def undelivered(intents: QuerySet[Notification], *, code: str, now: datetime) -> None:
    """They did not reach this person, and will not. In the transaction of who has locked their alerts."""
    untold = list(intents.select_related("recipient").order_by("pk"))
    if intents.update(status=Status.FAILED, last_error=code, sent_at=None, delivered_at=None):
        AlertEvent.objects.bulk_create(_untold(intent, code=code, now=now) for intent in untold)
        _touch(sorted({intent.alert_id for intent in untold}), now=now)
        statements.fetch_all(_INSTEAD, {"ids": [intent.pk for intent in untold]})


def _untold(intent: Notification, *, code: str, now: datetime) -> AlertEvent:
    told = {"to": str(intent.recipient.uuid), "channel": intent.channel, "step": intent.step, "error": code}
    return AlertEvent(
        clinic_id=intent.clinic_id,
        alert_id=intent.alert_id,
        kind=AlertEvent.Kind.UNTOLD,
        at=now,
        tier=intent.tier,
        detail=told,
    )


def back_off(attempt: int) -> timedelta:
    """5 s doubling to a minute; after an hour of that, five minutes (so that the count outlasts twelve weeks)."""
    if attempt > 60:
        return timedelta(minutes=5)
    return timedelta(seconds=min(5 * 2 ** (attempt - 1), 60))


def _end(held: Claim, outcome: Attempt.Outcome, error: str) -> None:
    tries = Attempt.objects.filter(notification__in=held.ids, number=held.attempt, ended_at=None)
    tries.update(ended_at=DatabaseClock(), outcome=outcome, error=error)


def _touch(alerts: Sequence[int], *, now: datetime, **changes: Any) -> None:
    for alert_id in alerts:
        Alert.objects.filter(pk=alert_id).update(changed_at=Greatest(F("changed_at"), now), **changes)
