"""What is owed to the team and was not flagged by a nudge: found by its due time, the worst first.

A row that fails waits longer each time (a second, doubling), and after five tries, half a minute, is set aside and
shown to the team as "could not be assessed", at least as urgent as what it holds. So is one that kills whoever tries
it. It is still tried now and then: a fault that is mended must not have muted anything for good.
"""

import logging
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F
from django.db.models.functions import Greatest, Now

from recovery import statements, verdicts
from recovery.alerts.flagging import flag_if_owed, open_service_alert
from recovery.models import Assessment

log = logging.getLogger(__name__)

AGAIN_SOON = timedelta(seconds=2)
AGAIN_SLOWLY, A_FEW = timedelta(hours=1), 10

_cut_short: set[int] = set()
"""Rows of which this process could not finish a try because the database went away in the middle."""


# The try is counted before it is made, since whoever makes it may die of it: what kills must not come first for ever.
# Whoever is at a row has it locked: so several who ask at once are told different rows. Index: assessment_owed.
_BEGIN_NEXT = """
    WITH next AS (
        SELECT id FROM recovery_assessment
         WHERE flagged_at IS NULL AND set_aside_at IS NULL AND id <> ALL(%(but)s::bigint[])
           AND (next_attempt_at IS NULL OR next_attempt_at <= statement_timestamp() OR %(fresh)s AND attempts = 0)
         ORDER BY tier DESC NULLS FIRST, id
         LIMIT 1
           FOR UPDATE SKIP LOCKED
    )
    UPDATE recovery_assessment owed
       SET attempts = attempts + 1,
           next_attempt_at = statement_timestamp() + interval '1 second' * power(2, attempts)
      FROM next
     WHERE owed.id = next.id
 RETURNING owed.id, owed.attempts
"""


def flag_owed(*, limit: int, now: datetime, by: str = Assessment.FlaggedBy.WATCH, fresh: bool = False) -> int:
    """Flag up to `limit` rows that are owed, with `fresh` also those that are still left to a nudge, but none that were
    set aside. Returns how many. Any number of these may run at once.
    """
    _take_back_tries()
    done, failed = 0, list[int]()
    for _ in range(limit):
        row = statements.fetch_one(_BEGIN_NEXT, {"fresh": fresh, "but": failed})
        if row is None:
            break
        assessment_id, attempt = row
        if attempt > Assessment.MAX_ATTEMPTS:
            log.error("assessment %s: of %s who tried it none came back", assessment_id, attempt - 1)
            _set_aside(assessment_id, now=now)
            continue
        flagged = _flag(assessment_id, by=by, now=now)
        done += bool(flagged)
        failed += [assessment_id] if flagged is None else []
    return done if fresh else done + _flag_set_aside(by=by, now=now)


def _flag_set_aside(*, by: str, now: datetime) -> int:
    rows = Assessment.objects.filter(flagged_at=None, set_aside_at__isnull=False)
    due = rows.exclude(next_attempt_at__gt=Now()).order_by("next_attempt_at").values_list("pk", flat=True)
    done = 0
    for row in due[:A_FEW]:
        rows.filter(pk=row).update(next_attempt_at=Now() + AGAIN_SLOWLY)  # before it is tried, as above
        done += bool(_flag(row, by=by, now=now))
    return done


def _flag(assessment_id: int, *, by: str, now: datetime) -> bool | None:
    """Whether it was flagged by this; None when that failed. After the fifth failure the team must see it."""
    owed = Assessment.objects.filter(pk=assessment_id, flagged_at=None)
    try:
        return flag_if_owed(assessment_id, by=by, now=now) is not None
    except (OperationalError, InterfaceError) as error:  # the database's trouble, not this row's
        log.error("assessment %s has to wait: %s", assessment_id, type(error).__name__)
        _cut_short.add(assessment_id)
        _take_back_tries()
    except Exception as error:
        log.error("assessment %s could not be flagged: %s", assessment_id, type(error).__name__)
        owed.update(last_error=type(error).__name__[:100])
        if owed.filter(attempts__gte=Assessment.MAX_ATTEMPTS).exists():
            _set_aside(assessment_id, now=now)
    return None


def _take_back_tries() -> None:
    """A try that the database cut short was none. It may not answer yet: then this is done before the next try."""
    for pk in sorted(_cut_short):
        Assessment.objects.filter(pk=pk, flagged_at=None, set_aside_at=None).update(
            attempts=Greatest(F("attempts") - 1, 0), next_attempt_at=Now() + AGAIN_SOON
        )
        _cut_short.discard(pk)


@transaction.atomic
def _set_aside(assessment_id: int, *, now: datetime) -> None:
    """Try it slowly from now on, and show it to the team, once."""
    owed = Assessment.objects.filter(pk=assessment_id, flagged_at=None, set_aside_at=None)
    if owed.update(set_aside_at=now, attempts=Assessment.MAX_ATTEMPTS, next_attempt_at=Now() + AGAIN_SLOWLY):
        row = Assessment.objects.select_related("episode__clinic").get(pk=assessment_id)
        open_service_alert(verdicts.NOT_JUDGED, assessment=row, now=now)
