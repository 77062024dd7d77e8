"""The road by Celery: nudges published from outside, and whether it is open again."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from services.children import ROOT
from tests.faults import mishaps
from tests.faults.mishaps import POOL
from tests.faults.phones import Phones
from tests.faults.scene import Scene
from tests.system import System
from tests.waiting import wait_until

BY_THE_WATCH_ALONE = ({"watch"}, {"watch"})

WATCHES = ("watch", "watch-2", "watch-3", "watch-4")

A_TRY_S = 15.0
"""More than nudges rest after three that failed. One that was lost is not waited for any longer."""

ANOTHER_NUDGE_S = 3.0
"""Shorter than a lease here, so that what is sent first is still in hand when the rest is."""


def nudge(system: System, number: int, threads: int = 1) -> Counter[str]:
    """In a process of its own, which ends while the broker is still as it is."""
    command = [sys.executable, "-m", "tests.faults.nudging", str(number), str(threads)]
    done = subprocess.run(command, cwd=ROOT, env=system.env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return Counter(json.loads(done.stdout))


def nothing_in_hand(system: System) -> None:
    """The worker begins anew, and nothing is queued: at a nudge of earlier it would take whatever else is owed, and a
    child leaves a provider alone that an earlier test had taken away."""
    system.stop("worker")
    with mishaps.client_of_the_broker(system) as client:
        client.flushdb()
    system.start("worker")


def wait_for_the_worker(system: System, holds: Callable[[], object], *, within_s: float = 90.0) -> None:
    """What it does alone, while the watches stand still or are not there. They make up for a nudge that is lost, as
    where the broker took more than half a second on a crowded machine; so it is nudged again here, now and then."""

    def holds_or_is_nudged() -> bool:
        with suppress(AssertionError):
            wait_until(holds, within_s=ANOTHER_NUDGE_S)
            return True
        nudge(system, POOL)
        return False

    wait_until(holds_or_is_nudged, within_s=within_s, why="the worker did not do it")


def report_to_the_worker(phones: Phones) -> None:
    """A red flag of each patient, and the worker alone has given each to the provider."""
    for patient in phones.scene.patients:
        assert phones.report_red_flag(patient) == 201
    wait_for_the_worker(phones.scene.system, lambda: len(phones.scene.mails) == len(phones.scene.patients))


def wait_until_celery_is_back(system: System, *, within_s: float = 90) -> None:
    """A red flag goes the whole way by Celery. A worker ends over some answers of a broker, and is started again.

    The watches stand still for each try: they are quicker on a crowded machine, and nothing is shown of a worker that
    nobody needed. Where it was deaf they go on, and do the work; another nudge is sent with the next try.
    """

    def went_by_celery() -> bool:
        system.revive()
        scene = Scene.of(system)
        with system.frozen(*(name for name in WATCHES if system.is_running(name))):
            assert Phones(scene).report_red_flag() == 201
            with suppress(AssertionError):
                scene.wait_until_quiet(within_s=A_TRY_S)
        scene.wait_until_quiet()
        return scene.roads() == ({"celery"}, {"celery"})

    wait_until(went_by_celery, within_s=within_s, why="Celery did not come back")
