"""The canary's loop: a red flag of each clinic's canary patient every few minutes, and a row for the workers to drain
every few seconds. Ends on SIGTERM or SIGINT."""

import logging
import signal
import threading
import time
from typing import Any

from django.db import Error, close_old_connections, connection

from recovery import canary, clock, heartbeats, nudges, outside
from recovery.canary import Flight
from recovery.management.every_clinic import ForEveryClinic
from recovery.models import Clinic

log = logging.getLogger("recovery.canary")

EVERY_S = 0.5
LOOKS_FOR_WORK_EVERY_S = 5.0
TOLD_AGAIN_S = 3600.0


class Command(ForEveryClinic):
    help = "Send a red flag of a canary patient through the whole service, and raise an alarm when it is absent twice."
    requires_system_checks = []  # needs the database and the API, not the web's half of the project

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        canaries = Canaries()
        log.info("singing")
        while not stopping.is_set():
            try:
                close_old_connections()
                canaries.turn()
                heartbeats.drain("canary")
            except Error as error:
                log.error("the canaries have to wait: %s", type(error).__name__)
                connection.close()
                stopping.wait(LOOKS_FOR_WORK_EVERY_S)
            stopping.wait(EVERY_S)
        log.info("stopped")


class Canaries:
    """All clinics' red flags that are on their way, and which clinics the operator was told of."""

    def __init__(self) -> None:
        self._flying: dict[int, Flight] = {}
        self._told_at: dict[int, float] = {}
        self._next_at = 0.0

    def turn(self) -> None:
        """Begin what is due, follow what flies. A fault of one clinic's keeps no other from being followed."""
        if time.monotonic() >= self._next_at:
            self._next_at = time.monotonic() + LOOKS_FOR_WORK_EVERY_S
            nudges.beat()
            for clinic in Clinic.objects.order_by("pk"):
                if clinic.pk not in self._flying and (flight := _begun(clinic)):
                    self._flying[clinic.pk] = flight
        for pk, flight in list(self._flying.items()):
            if run := canary.follow(flight, now=clock.now()):
                del self._flying[pk]
                log.info("canary %s: %s in %s ms", pk, run.outcome, run.took_ms)
                self._alarm(pk)

    def _alarm(self, clinic_id: int) -> None:
        """By mail, straight from here. The auditor sees it, too, and does not call the dead-man's URL."""
        if not canary.is_absent(clinic_id):
            self._told_at.pop(clinic_id, None)
            return
        log.error("the canary of clinic %s is absent", clinic_id)
        if time.monotonic() - self._told_at.get(clinic_id, -TOLD_AGAIN_S) < TOLD_AGAIN_S:
            return
        lines = [
            f"The canary's red flag of clinic {clinic_id} did not arrive within a minute, twice in a row.",
            "So a patient's would not either. See to it that somebody looks at the board.",
        ]
        if outside.mail_operator("Recovery check-ins: red flags do not arrive", lines):
            self._told_at[clinic_id] = time.monotonic()


def _begun(clinic: Clinic) -> Flight | None:
    try:
        return canary.begin(canary.ensure(clinic), now=clock.now())
    except Error:
        raise
    except Exception as error:
        log.error("the canary of clinic %s could not begin: %s", clinic.pk, type(error).__name__)
        return None
