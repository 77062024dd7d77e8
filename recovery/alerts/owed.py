"""What is owed to the team and was not flagged by a nudge: found by its due time, the worst first.

A row that fails waits longer each time, and after five failures is set aside and shown to the team as "could not be
assessed", at least as urgent as what it holds. It is still tried now and then: a fault that is mended must not have
muted anything for good.
"""

import logging
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction
from django.db.models.functions import Now

from recovery import statements, verdicts
from recovery.alerts.flagging import flag_if_owed, open_service_alert
from recovery.models import Assessment

log = logging.getLogger(__name__)

AGAIN_SOON = timedelta(seconds=2)
AGAIN_SLOWLY, A_FEW = timedelta(hours=1), 10


# Whoever is at a row has it locked: so several who ask at once are told different rows. Index: assessment_owed.
_NEXT = """
    SELECT id FROM recovery_assessment
     WHERE flagged_at IS NULL AND set_aside_at IS NULL AND id <> ALL(%(but)s::bigint[])
       AND (next_attempt_at IS NULL OR next_attempt_at <= statement_timestamp() OR %(fresh)s AND attempts = 0)
     ORDER BY tier DESC NULLS FIRST, id
     LIMIT 1
       FOR UPDATE SKIP LOCKED
"""


def flag_owed(*, limit: int, now: datetime, by: str = Assessment.FlaggedBy.WATCH, fresh: bool = False) -> int:
    """Flag up to `limit` rows that are owed, with `fresh` also those that are still left to a nudge, but none that were
    set aside. Returns how many. Any number of these may run at once.
    """
    done, failed = 0, list[int]()
    for _ in range(limit):
        row = statements.fetch_one(_NEXT, {"fresh": fresh, "but": failed})
        if row is None:
            break
        flagged = _flag(row[0], by=by, now=now)
        done += bool(flagged)
        failed += [row[0]] if flagged is None else []
    return done if fresh else done + _flag_set_aside(by=by, now=now)


def _flag_set_aside(*, by: str, now: datetime) -> int:
    rows = Assessment.objects.filter(flagged_at=None, set_aside_at__isnull=False)
    due = rows.exclude(next_attempt_at__gt=Now()).order_by("next_attempt_at").values_list("pk", flat=True)
    return sum(bool(_flag(row, by=by, now=now)) for row in due[:A_FEW])


def _flag(assessment_id: int, *, by: str, now: datetime) -> bool | None:
    """Whether it was flagged by this; None when that failed. A failure is counted, and puts the row off."""
    try:
        return flag_if_owed(assessment_id, by=by, now=now) is not None
    except (OperationalError, InterfaceError) as error:  # the database's trouble, not this row's
        log.error("assessment %s has to wait: %s", assessment_id, type(error).__name__)
        Assessment.objects.filter(pk=assessment_id, flagged_at=None).update(
            next_attempt_at=Now() + AGAIN_SOON
        )
    except Exception as error:
        log.error("assessment %s could not be flagged: %s", assessment_id, type(error).__name__)
        _count_failure(assessment_id, error=error, now=now)
    return None


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
