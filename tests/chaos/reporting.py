"""Phones of all patients, at a steady pace, each until it was told that its report is kept; and when that was.

They hold back while the teams are far behind: this is about what is lost, not about how much a machine can take."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg

from tests.databases import EVERY_CLINIC
from tests.faults.phones import Phones, Report
from tests.faults.scene import Patient, Scene

RED_FLAGS: tuple[dict[str, Any], ...] = (
    {"bladder": "new_or_worse"},
    {"temp": {"value": 38.5, "unit": "C"}},
    {"temp": {"value": 40.1, "unit": "C"}},
    {"bladder": "new_or_worse", "temp": {"value": 38.5, "unit": "C"}},
)

AT_ONCE = 8
BEHIND = 100
"""So many messages may wait."""

WAITING = "SELECT count(*) FROM recovery_notification WHERE status IN ('waiting', 'sending')"

AGAIN = 10
"""Every so many patients report the same again, under another id: it joins what is open, and opens nothing."""


@dataclass
class Kept:
    """A report that was answered 200 or 201, at `at` by the monotonic clock."""

    report: Report
    at: float
    repeats: bool


@dataclass
class Reporting:
    """`go` reports one red flag of each patient, so many each second, and returns when all are kept."""

    scene: Scene
    seed: int
    rate: float
    kept: list[Kept] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.phones = Phones(self.scene, at_once=AT_ONCE, patience_s=300)
        self.failures: list[BaseException] = []
        self._turn = threading.Lock()
        self._next, self._begun = 0, 0.0
        self._held, self._behind = threading.Event(), False
        self._threads = [threading.Thread(target=self._go_on, daemon=True) for _ in range(AT_ONCE)]

    def start(self) -> None:
        self._begun = time.monotonic()
        for thread in (*self._threads, threading.Thread(target=self._look_behind, daemon=True)):
            thread.start()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody reports anything new meanwhile."""
        self._held.set()
        try:
            yield
        finally:
            self._held.clear()

    @property
    def is_over(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    def signs(self, number: int) -> dict[str, Any]:
        return random.Random(self.seed * 1_000_003 + number).choice(RED_FLAGS)

    def _go_on(self) -> None:
        try:
            while (number := self._my_turn()) is not None:
                self._report(self.scene.patients[number], number, repeats=False)
                if number % AGAIN == 0:
                    self._report(self.scene.patients[number], number, repeats=True)
        except BaseException as failure:
            self.failures.append(failure)

    def _my_turn(self) -> int | None:
        """The next patient, when it is time."""
        with self._turn:
            number = self._next
            if number >= len(self.scene.patients) or self.failures:
                return None
            self._next += 1
        time.sleep(max(0.0, self._begun + number / self.rate - time.monotonic()))
        while (self._held.is_set() or self._behind) and not self.failures:
            time.sleep(0.1)
        return number

    def _look_behind(self) -> None:
        url = self.scene.system.database_url
        while not self.is_over:
            with (
                suppress(psycopg.Error),
                psycopg.connect(url, options=EVERY_CLINIC, autocommit=True, connect_timeout=5) as database,
            ):
                row = database.execute(WAITING).fetchone()
                self._behind = row is not None and row[0] > BEHIND
            time.sleep(0.5)

    def _report(self, patient: Patient, number: int, *, repeats: bool) -> None:
        report = self.phones.report(patient, self.signs(number))
        self.phones.send_until_taken(report)
        self.kept.append(Kept(report, time.monotonic(), repeats))
