"""What processes take of the machine: processor time and memory of a process and all that descend from it (Linux)."""

import os
import resource
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
TICK_S = 1 / TICKS_PER_S
"""Processor time is told in these. What took less may read as nothing."""
UTIME = 11
"""Place of the processor times in /proc/PID/stat, counted from behind the program's name: own user and system, then
those of children that have ended and were waited for."""


class NotHere(RuntimeError):
    """This system does not tell."""


def tree(*roots: int) -> list[int]:
    found, todo = [], list(roots)
    while todo:
        found.append(pid := todo.pop())
        with suppress(OSError):  # it ended meanwhile
            todo += map(int, (PROC / f"{pid}/task/{pid}/children").read_text().split())
    return found


def cpu_s(root: int) -> float:
    """Processor seconds that a program has taken since it began, its children and those that ended included."""
    _must_be_linux()
    return sum(sum(_times(pid)) for pid in tree(root)) / TICKS_PER_S


def memory_mb(pids: Iterable[int]) -> float:
    """Resident memory of these processes together. A page that several share counts once (PSS)."""
    _must_be_linux()
    kilobytes = 0
    for pid in pids:
        with suppress(OSError):  # it ended meanwhile
            lines = (PROC / f"{pid}/smaps_rollup").read_text().splitlines()
            kilobytes += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return kilobytes / 1024


class Neighbours:
    """How many cores were busy with what is not ours, since this was made. Our children count once they have ended."""

    def __init__(self) -> None:
        self._began, self._busy, self._ours = time.monotonic(), _busy_s(), _ours_s()

    def cores(self) -> float:
        busy, ours = _busy_s() - self._busy, _ours_s() - self._ours
        return max(0.0, round((busy - ours) / (time.monotonic() - self._began), 2))


def _busy_s() -> float:
    if not (PROC / "stat").exists():
        return 0.0
    user, nice, system, _idle, _wait, irq, softirq, steal, *_ = map(
        int, (PROC / "stat").read_text().split("\n", 1)[0].split()[1:]
    )
    return (user + nice + system + irq + softirq + steal) / TICKS_PER_S


def _ours_s() -> float:
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def _times(pid: int) -> list[int]:
    try:
        fields = (PROC / f"{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return [0]
    return [int(field) for field in fields[UTIME : UTIME + 4]]


def _must_be_linux() -> None:
    if not (PROC / "stat").exists():
        raise NotHere("What processes take is read from /proc: run this measurement on Linux.")
