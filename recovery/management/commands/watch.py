"""The watch's loop. Ends on SIGTERM or SIGINT after the unit of work it is at."""

import logging
import signal
import threading
import time
from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.db import Error, close_old_connections

from recovery import clock, heartbeats, retention, watch
from recovery.management.every_clinic import ForEveryClinic
from recovery.notifications.senders import Senders

log = logging.getLogger("recovery.watch")

REPORT_EVERY_S = 60.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.25, 1.0
"""After the database was lost. A few processes that knock every second are no burden to one that comes back, and what
is due then waits no longer than that."""


class Command(ForEveryClinic):
    help = "Find what is owed in the database, and do it. Run at least two of these."
    requires_system_checks = []  # needs the database alone, not the web's half of the project

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--every", type=float, default=1.0, metavar="SECONDS", help="pause after an idle turn (1)"
        )

    def handle(self, *args: Any, every: float, **options: Any) -> None:
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        with Senders(now=clock.now, stopping=stopping, every_s=every) as senders:
            log.info("watching")
            self._watch(senders, stopping, every)
        log.info("stopped")

    def _watch(self, senders: Senders, stopping: threading.Event, every: float) -> None:
        report, wait, begun = Report(), FIRST_WAIT_S, False
        while not stopping.is_set():
            try:
                close_old_connections()
                begun = begun or _begin_retention()
                done = watch.cycle(watch.now(), stop=stopping.is_set, sends=False)
            except watch.DatabaseLost as loss:
                log.error("the database does not answer (%s): trying again in %g s", loss, wait)
                stopping.wait(wait)
                wait = min(wait * 2, LONGEST_WAIT_S)
                continue
            wait = FIRST_WAIT_S
            if not done["failed"]:
                heartbeats.drain("watch")
            report.add(done + Counter(sent=senders.tried()))
            if not _was_busy(done):
                stopping.wait(every)


class Report:
    """A line of sums each minute: the sign of life of this process."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._sums: Counter[str] = Counter()
        self._due_at = time.monotonic() + REPORT_EVERY_S

    def add(self, done: Counter[str]) -> None:
        self._sums += done
        if time.monotonic() >= self._due_at:
            sums = ", ".join(f"{count} {kind}" for kind, count in sorted(self._sums.items()))
            log.info("in the last minute: %s", sums or "nothing was owed")
            self._begin()


def _begin_retention() -> bool:
    """Whether every kind of what is kept for a time has its turn. Otherwise it is tried again with the next one."""
    try:
        retention.begin(now=watch.now())
    except Error as error:
        log.error("the turns of what is let go could not be begun: %s", type(error).__name__)
        return False
    return True


def _was_busy(done: Counter[str]) -> bool:
    return any(count for kind, count in done.items() if kind != "failed")
