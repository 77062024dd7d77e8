"""What became of an attempt, written down. Each is one transaction; each does nothing where it comes too late."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from recovery.models import Alert, AlertEvent, Attempt, Notification
from recovery.notifications import Road
from recovery.notifications.claims import Claim, ours
from recovery.notifications.database_clock import DatabaseClock, after

Status = Notification.Status


@transaction.atomic
def sent(
    held: Claim, intents: Sequence[Notification], *, provider_id: str, road: Road, now: datetime
) -> None:
    """It left: the alert's history says so. True even if our lease ran out over it, so nobody asks whether it did."""
    _end(held, Attempt.Outcome.SENT)
    unsent = Notification.objects.filter(pk__in=_ids(intents), status__in=[Status.WAITING, Status.SENDING])
    if not unsent.update(
        status=Status.SENT, sent_at=now, sent_by=road, provider_id=provider_id, last_error=""
    ):
        return
    AlertEvent.objects.bulk_create(
        AlertEvent(
            clinic_id=intent.clinic_id,
            alert_id=intent.alert_id,
            kind=AlertEvent.Kind.TOLD,
            at=now,
            tier=intent.tier,
            detail={"to": str(intent.recipient.uuid), "channel": intent.channel, "step": intent.step},
        )
        for intent in intents
    )
    _touch_alerts(intents, now=now, told_at=Greatest(F("told_at"), now))


@transaction.atomic
def failed_for_now(held: Claim, *, code: str) -> None:
    """To be tried again, for as long as an alert of it is live."""
    _end(held, Attempt.Outcome.TEMPORARY, code)
    ours(held).update(status=Status.WAITING, last_error=code, next_attempt_at=after(back_off(held.attempt)))


@transaction.atomic
def failed_for_good(held: Claim, intents: Sequence[Notification], *, code: str, now: datetime) -> None:
    """This person cannot be told. The state stays, for the board to show that somebody was not reached."""
    _end(held, Attempt.Outcome.PERMANENT, code)
    if ours(held).update(status=Status.FAILED, last_error=code):
        _touch_alerts(intents, now=now)


@transaction.atomic
def dropped(held: Claim, *, but: Sequence[Notification]) -> None:
    """The others of this claim are no longer needed: their alert ended, or somebody has it. Their try ends without an
    outcome, since nothing was sent."""
    others = list(ours(held).exclude(pk__in=_ids(but)).values_list("pk", flat=True))
    if ours(held).filter(pk__in=others).update(status=Status.DROPPED):
        Attempt.objects.filter(notification__in=others, number=held.attempt).update(ended_at=DatabaseClock())


def back_off(attempt: int) -> timedelta:
    """5 s doubling to a minute; after an hour of that, five minutes (so that the count outlasts twelve weeks)."""
    if attempt > 60:
        return timedelta(minutes=5)
    return timedelta(seconds=min(5 * 2 ** (attempt - 1), 60))


def _end(held: Claim, outcome: Attempt.Outcome, error: str = "") -> None:
    tries = Attempt.objects.filter(notification__in=held.ids, number=held.attempt, ended_at=None)
    tries.update(ended_at=DatabaseClock(), outcome=outcome, error=error)


def _ids(intents: Sequence[Notification]) -> list[int]:
    return [intent.pk for intent in intents]


def _touch_alerts(intents: Sequence[Notification], *, now: datetime, **changes: Any) -> None:
    """Always in the same order, so that two messages about the same alerts cannot wait for each other."""
    for alert_id in sorted({intent.alert_id for intent in intents}):
        Alert.objects.filter(pk=alert_id).update(changed_at=Greatest(F("changed_at"), now), **changes)
