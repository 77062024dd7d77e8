"""Phones that do not give up: each report goes again, under its own id, until it is answered 200 or 201."""

import json
import random
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from uuid import uuid4

from recovery import clock
from tests import factories
from tests.faults.scene import Patient, Scene

TAKEN = (200, 201)
NO_ANSWER = 0
TO_BE_SENT_AGAIN = (NO_ANSWER, 409, 503)

ANSWER_WITHIN_S = 20.0
"""As long as the proxy would wait."""

RED_FLAG = {"bladder": "new_or_worse"}

SIGNS: list[dict[str, Any]] = [
    {},
    {},
    RED_FLAG,
    {"bleeding": "oozing"},
    {"temp": {"value": 38.5, "unit": "C"}},
    {"temp": {"value": 40.1, "unit": "C"}},
    {"cough": "new"},
    {"wants_call": "yes"},
]
"""What a phone may report beside that all is well."""


@dataclass
class Report:
    """And how each try to send it was answered."""

    patient: Patient
    body: dict[str, Any]
    answers: list[int] = field(default_factory=list)

    @property
    def is_taken(self) -> bool:
        return bool(set(self.answers) & set(TAKEN))

    @property
    def alarms(self) -> bool:
        return bool(self.body["answers"]["bladder"] == "new_or_worse")


class Phones:
    """All phones of a scene, several at once. What they report is drawn from a seed. `again` are answers after which
    they try again, besides the usual ones."""

    def __init__(
        self, scene: Scene, *, at_once: int = 8, patience_s: float = 120.0, again: tuple[int, ...] = ()
    ) -> None:
        self.scene, self._at_once, self._patience_s = scene, at_once, patience_s
        self.reports: list[Report] = []
        self._again = (*TO_BE_SENT_AGAIN, *again)
        self._random = random.Random(7)
        self._lock = threading.Lock()

    def of(self, scene: Scene) -> "Phones":
        """Those of some of the patients, with what they have reported."""
        some = Phones(scene)
        some.reports = [report for report in self.reports if report.patient in scene.patients]
        return some

    @property
    def answers(self) -> Counter[int]:
        """Of all tries. 0 counts those without an answer."""
        return Counter(answer for report in self.reports for answer in report.answers)

    def report_red_flag(self, patient: Patient | None = None) -> int:
        """One report, sent once; the status it is answered with."""
        return self.send(self.report(patient or self.scene.patients[0], RED_FLAG))

    def report(self, patient: Patient, signs: dict[str, Any]) -> Report:
        """Noted on the phone, not sent yet."""
        now = clock.now().isoformat()
        body = {
            "id": str(uuid4()),
            "observed_at": now,
            "sent_at": now,
            "status": "completed",
            "answered_by": "patient",
            "app_version": "test/1",
            "answers": factories.ALL_CLEAR | signs,
        }
        report = Report(patient, body)
        with self._lock:
            self.reports.append(report)
        return report

    def send(self, report: Report) -> int:
        """One try."""
        request = urllib.request.Request(
            f"{self.scene.system.url}/api/v1/check-ins",
            data=json.dumps(report.body).encode(),
            headers={"Authorization": f"Bearer {report.patient.token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_WITHIN_S) as answered:
                assert json.load(answered)["id"] == report.body["id"]
                report.answers.append(answered.status)
        except urllib.error.HTTPError as refusal:
            refusal.close()
            report.answers.append(refusal.code)
        except (OSError, HTTPException, ValueError):  # refused, cut, too late, or half an answer
            report.answers.append(NO_ANSWER)
        return report.answers[-1]

    def send_until_taken(self, report: Report) -> None:
        deadline = time.monotonic() + self._patience_s
        while self.send(report) not in TAKEN:
            assert report.answers[-1] in self._again, f"answered {report.answers}: the phone would give up"
            assert time.monotonic() < deadline, f"never taken: {report.answers[-20:]}"
            time.sleep(random.uniform(0.05, 0.5))

    def report_all(self, count: int) -> None:
        """So many reports, dealt out to the patients in turn; each patient's first is a red flag."""
        patients = self.scene.patients
        with ThreadPoolExecutor(self._at_once) as pool:
            for done in [
                pool.submit(self._report_one, patients[number % len(patients)], number < len(patients))
                for number in range(count)
            ]:
                done.result()

    @contextmanager
    def reporting(self, *, every_s: float = 0.05) -> Generator[None]:
        """While the block lasts reports are made, in the same order; it ends when all that were made are taken."""
        over = threading.Event()
        patients = self.scene.patients

        def go_on(place: int) -> None:
            number = place
            while not over.wait(every_s * self._at_once):
                self._report_one(patients[number % len(patients)], number < len(patients))
                number += self._at_once

        with ThreadPoolExecutor(self._at_once) as pool:
            running = [pool.submit(go_on, place) for place in range(self._at_once)]
            try:
                yield
            finally:
                over.set()
            for done in running:
                done.result()

    def _report_one(self, patient: Patient, alarming: bool) -> None:
        with self._lock:
            signs = self._random.choice(SIGNS)
        self.send_until_taken(self.report(patient, RED_FLAG if alarming else signs))
