"""What is owed to the team and was not flagged by a nudge: found by its due time, the worst first.

A row that fails waits longer each time, and after five failures is set aside and shown to the team as "could not be
assessed", at least as urgent as what it holds. It is still tried now and then: a fault that is mended must not have
muted anything for good.
"""

import logging
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F
from django.db.models.functions import Now

from recovery import verdicts
from recovery.alerts.flagging import flag_if_owed, open_service_alert
from recovery.models import Assessment

log = logging.getLogger(__name__)

AGAIN_SOON = timedelta(seconds=2)
AGAIN_SLOWLY, A_FEW = timedelta(hours=1), 10


def flag_owed(*, limit: int, now: datetime) -> int:
    """The watch's turn. Returns how many rows it flagged."""
    due = Assessment.objects.filter(flagged_at=None).exclude(next_attempt_at__gt=Now())
    fresh = due.filter(set_aside_at=None).order_by(F("tier").desc(nulls_first=True), "id")
    set_aside = due.filter(set_aside_at__isnull=False).order_by("next_attempt_at")
    done = 0
    for row in [*fresh.values_list("pk", flat=True)[:limit], *set_aside.values_list("pk", flat=True)[:A_FEW]]:
        try:
            done += flag_if_owed(row, by=Assessment.FlaggedBy.WATCH, now=now) is not None
        except (OperationalError, InterfaceError) as error:  # the database's trouble, not this row's
            log.error("assessment %s has to wait: %s", row, type(error).__name__)
            Assessment.objects.filter(pk=row, flagged_at=None).update(next_attempt_at=Now() + AGAIN_SOON)
        except Exception as error:
            log.error("assessment %s could not be flagged: %s", row, type(error).__name__)
            _count_failure(row, error=error, now=now)
    return done


def _count_failure(assessment_id: int, *, error: Exception, now: datetime) -> None:
    """Back-off doubles from a second, so that five failures take half a minute; then the team must see it."""
    owed = Assessment.objects.filter(pk=assessment_id, flagged_at=None)
    row = owed.select_related("episode__clinic").first()
    if row is None:
        return
    attempts = min(row.attempts + 1, Assessment.MAX_ATTEMPTS)
    last = attempts == Assessment.MAX_ATTEMPTS
    owed.update(
        attempts=attempts,
        last_error=type(error).__name__[:100],
        next_attempt_at=Now() + (AGAIN_SLOWLY if last else timedelta(seconds=2 ** (attempts - 1))),
    )
    if last and row.set_aside_at is None:
        with transaction.atomic():
            owed.update(set_aside_at=now)
            open_service_alert(verdicts.NOT_JUDGED, assessment=row, now=now)
