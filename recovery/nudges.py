"""Telling Celery that something is owed, so that it happens sooner. A nudge is an opaque id; it may be lost, doubled or
late with no effect on the end, because the row it names stays owed and the watch finds it by its due time.

So a nudge never raises and never holds anybody up: a publish takes half a second at worst (socket time-outs, no
retries), only one is under way per process, and after three failures in a row none is tried for ten seconds.
"""

import logging
import threading
from collections import Counter

from django.db import transaction

from config.celery import app
from recovery import heartbeats
from recovery.breaker import Breaker

log = logging.getLogger(__name__)

breaker = Breaker(failures=3, seconds=10.0)

counts: Counter[str] = Counter()
"""published, failed and skipped, since this process started."""

QUEUE_S = 0.1
"""How long a thread waits for another's publish. While the broker is well one takes a millisecond."""

EXPIRES_S = 300
"""A worker that was away drops what is older: the watch has done it. Generous, since clocks may differ."""

_one_at_a_time = threading.Lock()


def flag(assessment_id: int) -> None:
    """This assessment is owed to the care team. Leaves once the transaction around it is committed, if there is one."""
    _after_commit("recovery.tasks.flag_red_flags", assessment_id)


def deliver(notification_id: int) -> None:
    """The message that this notification is part of may be sent."""
    _after_commit("recovery.tasks.deliver", notification_id)


def beat() -> None:
    """The workers are owed a row to drain (recovery/heartbeats.py)."""
    _publish("recovery.tasks.beat")


def _after_commit(task: str, row_id: int) -> None:
    def publish_nudge() -> None:
        _publish(task, row_id)

    transaction.on_commit(publish_nudge, robust=True)


def _publish(task: str, *args: int) -> None:
    if not breaker.allows() or not _one_at_a_time.acquire(timeout=QUEUE_S):
        counts["skipped"] += 1
        return
    try:
        app.send_task(task, args=[*args], expires=EXPIRES_S, ignore_result=True)
    except Exception as error:
        counts["failed"] += 1
        heartbeats.count("publish-failures")
        if breaker.failed():
            log.warning(
                "the broker does not answer (%s): nudges rest, the watch does the work", type(error).__name__
            )
    else:
        counts["published"] += 1
        if breaker.succeeded():
            log.info("the broker answers again")
    finally:
        _one_at_a_time.release()
