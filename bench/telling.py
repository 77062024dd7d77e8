"""From a phone's red flag to a mail server that has taken the message, while a hundred check-ins come in a second.

5 % of the check-ins hold a red flag, each for a team of two, and both messages count. Beside it, in the same run and
under the same load, a bare Celery task is published as often as there are red flags, and timed until its row is
committed.

Then the same with the broker frozen, emptied every second, and killed, until everything is told; each time it is seen
whether the worker works on once the broker is back. And with a worker that is killed while it holds messages that it
has claimed (the mail server stands still until then).
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from redis import Redis

from bench import load, pace, size, traffic, world
from bench.schema import BARE, BARE_QUEUE
from bench.stage import WORKER, wait_until
from bench.system import System

PER_SECOND = size.pick(100, 20)
STEADY_S = size.pick(200, 3)
"""Gives a thousand red flags."""
FAULTY_S, FAULT_AFTER_S, WARM_UP_S = size.pick(30, 3), size.pick(10, 1), size.pick(10, 1)
KILLS = size.pick(5, 1)
PHONES = size.pick(2_000, 50)
RED_PHONES = PER_SECOND * (WARM_UP_S + STEADY_S + 3 * FAULTY_S) // traffic.RED_EVERY
LEASE = {"DELIVERY_LEASE_S": "2"} if size.is_quick() else {}

Asked = dict[UUID, float]
"""When each red flag was to be sent."""


def measure() -> dict[str, Any]:
    with System(KILLS + PHONES + RED_PHONES, looks=4 + KILLS, **LEASE) as system:
        alone, phones = system.phones[:KILLS], system.phones[KILLS:]
        reports = traffic.reports(phones[:PHONES], phones[PHONES:])
        _load(system, reports, WARM_UP_S)
        sent, deaf = {}, 0
        with _bare_tasks(system) as bare_s:
            sent["steady"] = _load(system, reports, STEADY_S)
        for name, fault, mend in _broker_faults(system):
            sent[name] = _load(system, reports, FAULTY_S, fault)
            mend()
            if not system.worker_works():
                deaf += 1
                system.stage.strike(system.worker)
                system.start_worker()
        asked = {name: _asked(each) for name, each in sent.items()}
        asked["killed"] = dict(_kill_worker_that_holds(system, phone) for phone in alone)
        messages, taken, roads = system.messages(), system.postbox.close(), system.roads()
    waits = {name: _waits(each, messages, taken) for name, each in asked.items()}
    answered = {each.report.client_id: each.answered_at for each in sent["steady"] if each.report.is_red}
    after_answer_s = _waits(answered, messages, taken)
    measured = _steady(sent["steady"], waits["steady"], after_answer_s, bare_s)
    return measured | _faulty(sent, waits) | {"deaf_workers": deaf} | _sums(waits, taken, roads)


def _load(
    system: System,
    reports: Iterator[traffic.Report],
    seconds: float,
    fault: Callable[[], object] = lambda: None,
) -> list[pace.Sent]:
    """Ends when everybody is told. The fault happens on the way and lasts until then."""
    timer = threading.Timer(FAULT_AFTER_S, fault)
    timer.start()
    sent = pace.run(system.web.port, reports, per_second=PER_SECOND, seconds=seconds)
    timer.join()
    system.wait_until_told()
    return sent


def _broker_faults(system: System) -> Iterator[tuple[str, Callable[[], object], Callable[[], object]]]:
    stage, over = system.stage, threading.Event()

    def empty_every_second() -> None:
        broker = Redis.from_url(stage.services.redis_url)
        while not over.wait(1):
            broker.flushall()

    emptying = threading.Thread(target=empty_every_second, daemon=True)
    yield "frozen", lambda: stage.freeze("valkey"), lambda: stage.thaw("valkey")
    yield "emptied", emptying.start, over.set
    yield "gone", lambda: stage.kill("valkey"), lambda: stage.boot("valkey")
    emptying.join()


def _kill_worker_that_holds(system: System, phone: world.Phone) -> tuple[UUID, float]:
    """The watch stands still until then, or it might hold them. A worker takes its place at once, as in production."""
    claimed = "SELECT FROM recovery_notification WHERE status = 'sending'"
    if not system.worker_works():
        raise RuntimeError("a fresh worker does no work: it cannot be killed at it")
    system.postbox.freeze()
    os.killpg(system.watch.pid, signal.SIGSTOP)
    report = system.report(phone)
    wait_until(
        lambda: system.database.execute(claimed).fetchone() is not None,
        within_s=30, what="a message to be claimed", every_s=0.02,
    )  # fmt: skip
    system.stage.strike(system.worker)
    os.killpg(system.watch.pid, signal.SIGCONT)
    system.postbox.thaw()
    system.start_worker()
    system.wait_until_told()
    return report


@contextmanager
def _bare_tasks(system: System) -> Iterator[list[float]]:
    """Seconds from publishing to the committed row, of as many tasks as there are red flags; full on leaving."""
    stage, taken = system.stage, list[float]()
    with psycopg.connect(stage.services.owner_url, autocommit=True) as owner:
        owner.execute(BARE)
    commits = stage.directory / "commits"
    environment = {"DJANGO_SETTINGS_MODULE": "", "BARE_COMMITS": str(commits)}
    options = ["bench.bare" if option == "config" else option for option in WORKER]
    worker = stage.start(sys.executable, "-m", "celery", *options, "--queues", BARE_QUEUE, **environment)
    publishing = [str(PER_SECOND / traffic.RED_EVERY), str(STEADY_S)]
    publisher = subprocess.Popen(
        [sys.executable, "-m", "bench.bare", *publishing], stdout=subprocess.PIPE, text=True
    )
    try:
        yield taken
        published = json.loads(publisher.communicate(timeout=60)[0])
        wait_until(lambda: len(_committed(commits)) >= len(published), within_s=30, what="the bare tasks")
    finally:
        publisher.kill()
    committed = _committed(commits)
    taken += [committed[number] - at for number, at in published.items()]
    stage.stop(worker)


def _committed(file: Path) -> dict[str, float]:
    lines = file.read_text().splitlines() if file.exists() else []
    pairs = (line.split() for line in lines)
    return {number: float(at) for number, at in pairs if not number.startswith("-")}


def _asked(sent: Iterable[pace.Sent]) -> Asked:
    return {each.report.client_id: each.due_at for each in sent if each.report.is_red}


def _waits(asked: Asked, messages: dict[UUID, list[str]], taken: dict[str, list[float]]) -> list[float]:
    """Seconds from a red flag to each of its messages, endless where there is none."""
    endless = [float("inf")]
    return [
        taken.get(key, endless)[0] - at
        for client_id, at in asked.items()
        for key in messages.get(client_id, ["none"])
    ]


def _steady(
    sent: list[pace.Sent], waits: list[float], after_answer_s: list[float], bare_s: list[float]
) -> dict[str, Any]:
    p99, bare_p99 = load.percentile(waits, 0.99), load.percentile(bare_s, 0.99)
    return {
        "check_ins_per_second": PER_SECOND,
        "red_flags": len(_asked(sent)),
        "post_p99_ms": _ms(load.percentile([each.latency_s for each in sent], 0.99)),
        "told_p50_ms": _ms(statistics.median(waits)),
        "told_p99_ms": _ms(p99),
        "told_after_answer_p99_ms": _ms(load.percentile(after_answer_s, 0.99)),
        "bare_p50_ms": _ms(statistics.median(bare_s)),
        "bare_p99_ms": _ms(bare_p99),
        "told_to_bare_p99_ratio": round(p99 / bare_p99, 2),
    }


def _faulty(sent: dict[str, list[pace.Sent]], waits: dict[str, list[float]]) -> dict[str, Any]:
    measured: dict[str, Any] = {}
    for name, each in waits.items():
        if name != "steady":
            measured[f"{name}_p50_s"] = round(statistics.median(each), 2)
            measured[f"{name}_worst_s"] = round(max(each), 2)
    for name, reports in sent.items():
        if name != "steady":
            latencies = [each.latency_s for each in reports]
            measured[f"{name}_post_p99_ms"] = _ms(load.percentile(latencies, 0.99))
    return measured | {"not_taken": sum(each.status != 201 for reports in sent.values() for each in reports)}


def _sums(
    waits: dict[str, list[float]], taken: dict[str, list[float]], roads: dict[str, int]
) -> dict[str, Any]:
    return {
        "lost": sum(wait == float("inf") for each in waits.values() for wait in each),
        "double": sum(len(times) - 1 for times in taken.values()),
        "by_celery": roads["celery"],
        "by_watch": roads["watch"],
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
