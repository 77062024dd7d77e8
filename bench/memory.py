"""What web, worker and watch hold in memory after a hundred thousand check-ins, against what they held once warm.

5 % of the check-ins hold a red flag, and everybody is told. The worker replaces its children after a thousand tasks, as
configured; its figure is what its processes hold at the time. A page that several processes share counts once (PSS).
"""

import time
from dataclasses import dataclass
from typing import Any

from bench import load, size, traffic, usage
from bench.system import System

WARM, UNTIL = size.pick(2_000, 60), size.pick(100_000, 240)
STEP = size.pick(2_000, 60)
PHONES = size.pick(5_000, 50)
RED_PHONES = UNTIL // traffic.RED_EVERY


@dataclass(frozen=True)
class Look:
    """Megabytes by process, once so many check-ins were taken."""

    check_ins: int
    held: dict[str, float]


def measure() -> dict[str, Any]:
    with System(PHONES + RED_PHONES) as system:
        phones, looks = system.phones, list[Look]()
        requests = traffic.requests(phones[:PHONES], phones[PHONES:])
        began = time.monotonic()
        for taken in range(STEP, UNTIL + 1, STEP):
            load.run(system.web.port, requests, count=STEP).taken()
            system.wait_until_told()
            looks.append(Look(taken, _held(system)))
        seconds = time.monotonic() - began
    warm, last = next(look for look in looks if look.check_ins >= WARM), looks[-1]
    measured: dict[str, Any] = {"check_ins": UNTIL, "per_second": round(UNTIL / seconds)}
    for name, before in warm.held.items():
        measured |= {
            f"{name}_warm_mb": round(before, 1),
            f"{name}_last_mb": round(last.held[name], 1),
            f"{name}_most_mb": round(max(look.held[name] for look in looks), 1),
            f"{name}_grown": round(last.held[name] / before - 1, 3),
        }
    return measured


def _held(system: System) -> dict[str, float]:
    roots = {"web": system.web.pid, "worker": system.worker.pid, "watch": system.watch.pid}
    return {name: usage.memory_mb(usage.tree(pid)) for name, pid in roots.items()}
