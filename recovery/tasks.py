"""The Celery door. A nudge names a row that is owed, and says that hands are needed: whoever is nudged does that row,
then takes what else is fresh or due, for a while. In a storm most nudges so find their row done, which costs a query.

What goes wrong here is only said; the row stays owed, with its count of failures and its due time, and the watch has
it. So no task is retried, and none relies on being delivered.

It reads the database's clock, as the watch does: what it opens has steps that the watch takes when they are due.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from celery import shared_task

from recovery import alerts, clock, heartbeats, nudges, tenancy
from recovery.breaker import Breaker
from recovery.models import Assessment
from recovery.notifications import delivery
from recovery.notifications.lines import Lines

log = logging.getLogger(__name__)

TURN_S = 5.0
"""A task begins nothing more after this, whatever is still owed: there is a nudge for it, or the watch. So it ends in
time, though what was begun last meets a slow provider."""

AT_ONCE = 20
"""Messages, then flaggings, taken in turn: neither keeps the other waiting."""

_breakers: dict[str, Breaker] = {}


@shared_task(name="recovery.tasks.flag_red_flags")
def flag_red_flags(assessment_id: int, **_: object) -> None:
    """Open and raise the alerts of one assessment, and have the team told."""
    is_over = _turn()
    with _left_to_the_watch("assessment", assessment_id), closing(Lines(_breakers)) as lines:
        planned = alerts.flag(
            assessment_id=assessment_id, by=Assessment.FlaggedBy.CELERY, now=clock.of_database()
        )
        if len(planned) > 1:
            nudges.deliver(planned[-1])  # a second pair of hands, should the provider be slow
        _work_on(lines, is_over)


@shared_task(name="recovery.tasks.deliver")
def deliver(notification_id: int, **_: object) -> None:
    """Send one message to one person."""
    is_over = _turn()
    with _left_to_the_watch("notification", notification_id), closing(Lines(_breakers)) as lines:
        delivery.deliver(notification_id=notification_id, road="celery", now=clock.of_database(), lines=lines)
        _work_on(lines, is_over)


@shared_task(name="recovery.tasks.beat")
def beat(**_: object) -> None:
    """Show that what is published is worked on, with the database: recovery/heartbeats.py."""
    heartbeats.drain("worker")


def _turn() -> Callable[[], bool]:
    """Says when it is over."""
    ends_at = time.monotonic() + TURN_S
    return lambda: time.monotonic() > ends_at


def _work_on(lines: Lines, is_over: Callable[[], bool]) -> None:
    done = 1
    while done and not is_over():
        now = clock.of_database()
        done = delivery.deliver_due(
            limit=AT_ONCE, road="celery", now=now, fresh=True, lines=lines, stop=is_over
        )
        done += alerts.flag_owed(limit=AT_ONCE, now=now, by=Assessment.FlaggedBy.CELERY, fresh=True)


@contextmanager
def _left_to_the_watch(kind: str, row_id: int) -> Iterator[None]:
    """Whose row it is stands in the row, and then all that is owed is taken in turn. Of an error the class alone is
    logged: its text may quote an answer or an address."""
    try:
        with tenancy.every_clinic():
            yield
    except Exception as error:
        log.error("%s %s is left to the watch: %s", kind, row_id, type(error).__name__)
