"""What a provider says became of a message, after it took it. Receipts come late, twice and in any order: each has a
rank, and a message moves up alone, so that the end does not depend on the order."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from recovery.models import Alert, Letter, Notification
from recovery.notifications import outcomes
from recovery.notifications.database_clock import after

log = logging.getLogger(__name__)

TOOK, LEFT, DELIVERED, UNDELIVERED = 1, 2, 3, 4
"""A message that is called delivered, and then not, was not: whoever it is for is told elsewhere, perhaps once more."""

RANKS = {
    "accepted": TOOK, "scheduled": TOOK, "queued": TOOK, "sending": TOOK, "sent": LEFT,
    "delivered": DELIVERED, "read": DELIVERED,
    "undelivered": UNDELIVERED, "failed": UNDELIVERED, "canceled": UNDELIVERED,
}  # fmt: skip

HEARD_FOR = timedelta(days=3)
"""After a message was last tried. What is said of it later changes nothing."""


def take(key: UUID, said: str, *, provider_id: str, code: str, now: datetime) -> bool:
    """Note what is said of the text message with this key. False when it changed nothing: no such message, an unknown
    word, one that is no news, or too late."""
    rank = RANKS.get(said)
    if rank is None:
        return False
    changed = _of_alerts(key, rank, provider_id=provider_id, code=code, now=now)
    return _of_letter(key, rank, provider_id=provider_id, code=code, now=now) or changed


@transaction.atomic
def _of_alerts(key: UUID, rank: int, *, provider_id: str, code: str, now: datetime) -> bool:
    """What was not yet known to have left has left: the answer to the attempt was lost, or comes after this."""
    news = Notification.objects.filter(message_key=key).filter(_news(rank))
    ids = list(news.select_for_update().order_by("pk").values_list("pk", flat=True))
    intents = Notification.objects.filter(pk__in=ids)
    if not intents.update(provider_rank=rank):
        return False
    if rank == UNDELIVERED:
        alerts = Alert.objects.filter(pk__in=intents.values("alert"))
        list(alerts.select_for_update(no_key=True).order_by("pk").values_list("pk"))
        outcomes.undelivered(intents.filter(status__in=outcomes.UNDER_WAY), code=code, now=now)
        return True
    owed = list(intents.filter(status__in=outcomes.OWED).values_list("pk", "attempts"))
    if owed:
        ids, attempts = [pk for pk, _ in owed], max(number for _, number in owed)
        outcomes.has_left(ids, attempt=attempts, provider_id=provider_id, road="receipt", now=now)
    if rank == DELIVERED:
        intents.filter(status=Notification.Status.SENT, delivered_at=None).update(delivered_at=now)
    return True


@transaction.atomic
def _of_letter(key: UUID, rank: int, *, provider_id: str, code: str, now: datetime) -> bool:
    letter = Letter.objects.filter(uuid=key)
    if not letter.filter(_news(rank)).update(provider_rank=rank):
        return False
    status = Letter.Status
    if rank == UNDELIVERED:
        ended = letter.exclude(status=status.DROPPED)
        ended.update(status=status.FAILED, sent_at=None, delivered_at=None, last_error=code, sealed_code="")
        return True
    letter.filter(status__in=Letter.OWED).update(
        status=status.SENT, sent_at=now, provider_id=provider_id, last_error="", sealed_code=""
    )
    if rank == DELIVERED:
        letter.filter(status=status.SENT).update(status=status.DELIVERED, delivered_at=now)
    return True


def _news(rank: int) -> Q:
    """Of what was tried at all, on this channel, and not long ago."""
    return Q(channel="sms", attempts__gt=0, provider_rank__lt=rank, next_attempt_at__gt=after(-HEARD_FOR))
