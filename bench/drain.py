"""A thousand red flags at once: how fast the care team is told of all of them.

They are reported by the operations, and their nudges published, while worker and watch stand still; then both go on.
From that instant each message is timed until the mail server has taken it. A team of two: two messages each.
"""

import os
import signal
import statistics
import subprocess
import time
from datetime import UTC, datetime
from typing import Any

from bench import load, size, usage, world
from bench.stage import wait_until
from bench.system import System

RED_FLAGS = size.pick(1_000, 30)
STOPPED_WITHIN_S = 30.0
_AT_WORK = """
    SELECT FROM pg_stat_activity
     WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
       AND state <> 'idle'
"""


def measure() -> dict[str, Any]:
    with System(RED_FLAGS) as system:
        senders = [system.worker, system.watch]
        before = set(_keys(system))
        stand_still(system, senders)
        for phone in system.phones[:RED_FLAGS]:
            _report(phone)
        spent = _cpu_s(system)
        began = time.monotonic()
        for sender in senders:
            os.killpg(sender.pid, signal.SIGCONT)
        system.wait_until_told()
        spent = {name: seconds - spent[name] for name, seconds in _cpu_s(system).items()}
        due, roads = set(_keys(system)) - before, system.roads()
        taken = system.postbox.close()
    waits = sorted(taken[key][0] - began for key in due if key in taken)
    seconds = waits[-1]
    return {
        "red_flags": RED_FLAGS,
        "messages": len(due),
        "seconds": round(seconds, 2),
        "red_flags_per_second": round(RED_FLAGS / seconds),
        "messages_per_second": round(len(waits) / seconds),
        "told_p50_s": round(statistics.median(waits), 2),
        "told_p99_s": round(load.percentile(waits, 0.99), 2),
        **{f"{name}_cpu_ms_per_message": round(1000 * each / len(waits), 2) for name, each in spent.items()},
        "lost": 2 * RED_FLAGS - len(waits),
        "double": sum(len(taken[key]) - 1 for key in due if key in taken),
        "by_celery": roads["celery"],
        "by_watch": roads["watch"],
    }


def stand_still(system: System, senders: list[subprocess.Popen[bytes]]) -> None:
    """Stop them between two units of work, so that none holds a row meanwhile."""

    def stopped_idle() -> bool:
        for sender in senders:
            os.killpg(sender.pid, signal.SIGSTOP)
        if system.database.execute(_AT_WORK).fetchone() is None:
            return True
        for sender in senders:
            os.killpg(sender.pid, signal.SIGCONT)
        return False

    wait_until(stopped_idle, within_s=STOPPED_WITHIN_S, what="worker and watch to be idle")


def _report(phone: world.Phone) -> None:
    from recovery.models import DeviceToken

    device = DeviceToken.objects.only("pk").get(episode_id=phone.episode_id)
    world.report_to(device.pk, at=datetime.now(UTC), answers=world.RED_FLAG)


def _keys(system: System) -> list[str]:
    return [key for keys in system.messages().values() for key in keys]


def _cpu_s(system: System) -> dict[str, float]:
    return {
        "worker": usage.cpu_s(system.worker.pid),
        "watch": usage.cpu_s(system.watch.pid),
        "postgres": usage.cpu_s(system.stage.pid("postgres")),
    }
