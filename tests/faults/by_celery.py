"""The road by Celery: nudges published from outside, and whether it is open again."""

import json
import subprocess
import sys
from collections import Counter

from services.children import ROOT
from tests.faults.phones import Phones
from tests.faults.scene import Scene
from tests.system import System
from tests.waiting import wait_until

BY_THE_WATCH_ALONE = ({"watch"}, {"watch"})


def nudge(system: System, number: int, threads: int = 1) -> Counter[str]:
    """In a process of its own, which ends while the broker is still as it is."""
    command = [sys.executable, "-m", "tests.faults.nudging", str(number), str(threads)]
    done = subprocess.run(command, cwd=ROOT, env=system.env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return Counter(json.loads(done.stdout))


def wait_until_celery_is_back(system: System, *, within_s: float = 90) -> None:
    """A red flag goes the whole way by Celery. A worker ends over some answers of a broker, and is started again."""

    def went_by_celery() -> bool:
        system.revive()
        scene = Scene.of(system)
        assert Phones(scene).report_red_flag() == 201
        scene.wait_until_quiet()
        return scene.roads() == ({"celery"}, {"celery"})

    wait_until(went_by_celery, within_s=within_s, why="Celery did not come back")
