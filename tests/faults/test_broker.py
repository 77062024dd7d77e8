"""A broker that is frozen, gone or empty holds nobody up and loses nothing."""

import json
import subprocess
import sys
from collections import Counter

import pytest

from services.children import ROOT
from tests.faults.scene import Scene
from tests.system import System
from tests.waiting import wait_until

pytestmark = pytest.mark.slow


def nudge(system: System, times: int, threads: int = 1) -> Counter[str]:
    """In a process of its own, which ends while the broker is still as it is."""
    command = [sys.executable, "-m", "tests.faults.nudging", str(times), str(threads)]
    done = subprocess.run(command, cwd=ROOT, env=system.env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return Counter(json.loads(done.stdout))


def test_a_frozen_broker_is_given_up_after_three_tries():
    with System() as system:
        system.freeze("valkey")
        assert nudge(system, 200) == {"failed": 3, "skipped": 197}
        system.thaw("valkey")
        assert nudge(system, 200) == {"published": 200}


def test_threads_do_not_queue_up_behind_a_frozen_broker():
    with System() as system:
        system.freeze("valkey")
        counts = nudge(system, 200, threads=20)
        assert counts["failed"] <= 4
        assert sum(counts.values()) == 200
        assert not counts["published"]


def test_a_broker_that_is_gone_is_given_up_after_three_tries():
    with System() as system:
        system.kill("valkey")
        assert nudge(system, 5) == {"failed": 3, "skipped": 2}


def test_with_a_frozen_broker_a_report_is_taken_and_the_watch_tells_the_team():
    with System() as system:
        system.start("web", "worker", "watch")
        scene = Scene.of(system)
        system.freeze("valkey")
        assert [scene.report_red_flag() for _ in range(3)] == [201] * 3
        wait_until(scene.everybody_was_told)
        assert scene.roads() == ({"watch"}, {"watch"})


def test_with_no_broker_a_report_is_taken_and_the_watch_tells_the_team():
    with System() as system:
        system.start("web", "watch")
        scene = Scene.of(system)
        system.kill("valkey")
        assert scene.report_red_flag() == 201
        wait_until(scene.everybody_was_told)
        assert scene.roads() == ({"watch"}, {"watch"})


def test_a_worker_works_on_after_its_broker_came_back():
    with System() as system:
        system.start("web", "worker")
        scene = Scene.of(system)
        system.kill("valkey")
        system.start("valkey")
        system.freeze("valkey")
        system.thaw("valkey")
        assert scene.report_red_flag() == 201
        wait_until(scene.everybody_was_told, within_s=60)
        assert scene.roads() == ({"celery"}, {"celery"})
