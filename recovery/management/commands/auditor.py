"""The auditor's loop. Ends on SIGTERM or SIGINT after the look that it is at."""

import logging
import signal
import threading
from collections import Counter
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import Error, close_old_connections, connection
from django.db.models.functions import Now

from recovery import auditor, clock, heartbeats, outside
from recovery.auditor.alarm import Alarm
from recovery.management.every_clinic import ForEveryClinic
from recovery.models import AuditRun

log = logging.getLogger("recovery.auditor")

LOST_AFTER = 2
"""Looks in a row that the database did not let come to an end."""


class Command(ForEveryClinic):
    help = "Derive from the reports what must exist, compare, and call the dead-man's URL while all is well."
    requires_system_checks = []  # needs the database alone, not the web's half of the project

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        if not settings.DEADMAN_URL or not settings.OPERATOR_MAIL:
            log.warning("DEADMAN_URL or OPERATOR_MAIL is not set: nobody outside hears of an alarm")
        alarm, failures = Alarm(), 0
        log.info("auditing")
        while not stopping.is_set():
            try:
                close_old_connections()
                turn(alarm)
                failures = 0
            except Error as error:
                failures += 1
                log.error("the auditor could not look: %s", type(error).__name__)
                connection.close()
                if failures >= LOST_AFTER:
                    alarm.tell({"database-lost": 1})
            stopping.wait(settings.AUDIT_EVERY_S)
        log.info("stopped")


def turn(alarm: Alarm) -> None:
    """One look, and what follows from it; none where another copy has just looked. Raises what the database raises."""
    now = clock.of_database()
    heartbeats.drain("auditor")
    recently = Now() - timedelta(seconds=settings.AUDIT_EVERY_S * 0.7)
    if AuditRun.objects.filter(started_at__gt=recently).exists():
        return
    look = auditor.look(now=now)
    alarm.tell(Counter(defect.kind for defect in look.standing))
    if look.is_well and settings.DEADMAN_URL and outside.ping(settings.DEADMAN_URL):
        AuditRun.objects.filter(pk=look.run.pk).update(pinged_at=Now())
