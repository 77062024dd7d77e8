"""The Celery door: each task is one domain call. What goes wrong here is only said; the row stays owed, with its count
of failures and its due time, and the watch has it. So no task is retried, and none relies on being delivered."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from celery import shared_task

from recovery import alerts, clock, nudges
from recovery.notifications import delivery

log = logging.getLogger(__name__)


@shared_task(name="recovery.tasks.flag_red_flags")
def flag_red_flags(assessment_id: int, **_: object) -> None:
    """Open and raise the alerts of one assessment, then have the team told."""
    with _left_to_the_watch("assessment", assessment_id):
        for notification_id in alerts.flag(assessment_id=assessment_id, by="celery", now=clock.now()):
            nudges.deliver(notification_id)


@shared_task(name="recovery.tasks.deliver")
def deliver(notification_id: int, **_: object) -> None:
    """Send one message to one person."""
    with _left_to_the_watch("notification", notification_id):
        delivery.deliver(notification_id=notification_id, road="celery", now=clock.now())


@contextmanager
def _left_to_the_watch(kind: str, row_id: int) -> Iterator[None]:
    """The class of an error alone is logged: its text may quote an answer or an address."""
    try:
        yield
    except Exception as error:
        log.error("%s %s is left to the watch: %s", kind, row_id, type(error).__name__)
