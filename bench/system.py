"""The whole product under a measurement: web, worker and watch as in production, one of each, and a mail server."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack
from types import TracebackType
from typing import Self
from uuid import UUID

import psycopg

from bench import load, traffic, world
from bench.stage import Stage, wait_until
from services.ports import HOST

TOLD_WITHIN_S = 120.0
TRIES = 20
"""Red flags, one after the other, until one goes by Celery."""
_OWED = """
    SELECT FROM recovery_assessment WHERE flagged_at IS NULL
    UNION ALL SELECT FROM recovery_notification WHERE status IN ('waiting', 'sending') LIMIT 1
"""
_MESSAGES = """
    SELECT DISTINCT reported.client_id, intent.message_key::text, intent.sent_by
    FROM recovery_notification intent
    JOIN recovery_alert alert ON alert.id = intent.alert_id
    JOIN recovery_assessment judged ON judged.id = alert.first_assessment_id
    JOIN recovery_checkin reported ON reported.id = judged.check_in_id
"""


class Postbox:
    """The mail server (bench/postbox.py). It tells at the end what it took, and when."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "bench.postbox"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = f"smtp://{HOST}:{int(self._process.stdout.readline())}"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> dict[str, list[float]]:
        """When each message was taken (more than once, if it came twice), by the key in its Message-ID."""
        taken: dict[str, list[float]] = json.loads(self._process.communicate("", timeout=60)[0])
        return {name.strip("<>").partition("@")[0]: times for name, times in taken.items()}


class System:
    """A context: everything runs, the worker is known to work, and `phones` are ready to report to a team of two."""

    def __init__(self, phones: int, *, looks: int = 1, **environment: str) -> None:
        """`looks` is how often it will be asked whether the worker works, the beginning included."""
        self._count, self._spare, self._environment = phones, looks * TRIES, environment

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            self.stage = undo.enter_context(Stage())
            self.postbox = undo.enter_context(Postbox())
            self._environment["EMAIL_URL"] = self.postbox.url
            phones = world.enrol(self._count + self._spare)
            self.phones, self._untried = phones[: self._count], phones[self._count :]
            world.add_colleague()
            self.database = undo.enter_context(
                psycopg.connect(
                    self.stage.services.database_url, options="-c recovery.clinics=every", autocommit=True
                )
            )
            self.web = self.stage.serve(**self._environment)
            self.watch = self.stage.watch(**self._environment)
            self.start_worker()
            if not self.worker_works():
                raise RuntimeError("the worker does no work: nothing was sent by Celery")
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.__exit__(kind, error, trace)

    def start_worker(self) -> None:
        self.worker = self.stage.worker(**self._environment)

    def report(self, phone: world.Phone, *, red: bool = True) -> tuple[UUID, float]:
        """One report by itself: its id, and the instant it was sent at."""
        report, sent_at = traffic.report(phone, red=red), time.monotonic()
        load.run(self.web.port, iter([report.request]), count=1).taken()
        return report.client_id, sent_at

    def wait_until_told(self) -> None:
        def nothing_is_owed() -> bool:
            return self.database.execute(_OWED).fetchone() is None

        wait_until(nothing_is_owed, within_s=TOLD_WITHIN_S, what="everybody to be told", every_s=0.25)

    def messages(self) -> dict[UUID, list[str]]:
        """The keys of the messages that a report gave rise to. A phone that reports a red flag reports once."""
        found: dict[UUID, list[str]] = {}
        for client_id, key, _ in self.database.execute(_MESSAGES).fetchall():
            found.setdefault(client_id, []).append(key)
        return found

    def roads(self) -> Counter[str]:
        """How many messages were sent by Celery and by the watch."""
        return Counter(road for _, _, road in self.database.execute(_MESSAGES).fetchall())

    def worker_works(self) -> bool:
        """Whether a message goes by Celery before the tries are up. It takes some seconds to come up, or to find its
        broker again; until then the watch does its work."""
        for _ in range(TRIES):
            before = self.roads()["celery"]
            self.report(self._untried.pop())
            self.wait_until_told()
            if self.roads()["celery"] > before:
                return True
            if self.worker.poll() is not None:
                raise RuntimeError(f"the worker ended with status {self.worker.returncode}")
        return False
