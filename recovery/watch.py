"""What is owed and overdue, found in the database: the road without Redis and Celery. Any number of copies."""

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from django.db import Error, connection

from recovery import (
    alerts,
    assessments,
    audit,
    clock,
    contacts,
    escalation,
    reachability,
    reminders,
    retention,
    silence,
)
from recovery.notifications import delivery, late, letters, plan

log = logging.getLogger(__name__)

LIMIT = 100
"""Rows per step and turn, so that whatever is most urgent is looked for again soon."""

AT_ONCE = 10
"""Flaggings, then steps of escalations, taken in turn. With a hundred of each a step that fell due while the broker was
full, or PostgreSQL away, stood five seconds and more behind what was to be flagged; and what falls due in a turn waits
for the next."""

SILENT = 250
"""Recoveries whose silence is judged together: as many statements for all as for one, and none is locked for long."""


class DatabaseLost(Exception):
    """The database does not answer. Nothing else can be done in this cycle."""


def never() -> bool:
    return False


def now() -> datetime:
    """The instant that a turn is given, by the database's clock. Raises DatabaseLost."""
    try:
        return clock.of_database()
    except Error as error:
        connection.close()
        raise DatabaseLost(type(error).__name__) from None


def cycle(now: datetime, stop: Callable[[], bool] = never, *, sends: bool = True) -> Counter[str]:
    """One turn through everything that can be owed, the most urgent kind first. Returns what was done, by kind.

    Without `sends`, messages are left to senders of their own (notifications/senders.py). A step that raises does not
    keep the others from their turn; it is counted under "failed". Ends between two units of work when `stop` says so.
    Raises DatabaseLost.
    """
    done: Counter[str] = Counter()

    def tell() -> None:
        take("flagged", lambda: alerts.flag_owed(limit=AT_ONCE, now=now))
        take("escalated", lambda: escalation.fire_due(limit=AT_ONCE, now=now))
        take("planned", lambda: plan.tell_untold(limit=LIMIT, now=now))
        take("elsewhere", lambda: late.tell_elsewhere(limit=LIMIT, now=now))
        if sends:
            take("sent", lambda: delivery.deliver_due(limit=LIMIT, road="watch", now=now, stop=stop))

    def take(kind: str, step: Callable[[], int]) -> None:
        if stop():
            return
        try:
            done[kind] += step()
        except Exception as error:
            if isinstance(error, Error) and _is_lost():
                raise DatabaseLost(type(error).__name__) from None
            log.error("the watch could not finish its turn (%s): %s", kind, type(error).__name__)
            done["failed"] += 1

    tell()
    take("rejudged", lambda: assessments.rejudge_owed(limit=LIMIT, now=now))
    take("silent", lambda: silence.judge_due(limit=SILENT, now=now))
    if done["rejudged"] or done["silent"]:
        tell()
    take("nights", lambda: reachability.check_due(limit=LIMIT, now=now))
    take("reminded", lambda: reminders.send_due(limit=LIMIT, now=now))
    take("tested", lambda: contacts.test_due(limit=LIMIT, now=now))
    take("bound", lambda: audit.seal_owed(limit=LIMIT, now=now))
    take("let go", lambda: retention.let_go_due(now=now))
    if sends:
        take("posted", lambda: letters.deliver_due(limit=LIMIT, now=now, stop=stop))
    return done


def _is_lost() -> bool:
    if connection.connection is not None and connection.is_usable():
        return False
    connection.close()
    return True
