"""A program and all that descend from it, found by their parents, stopped and set going again as one.

For servers whose processes lead groups of their own, as PostgreSQL's do. Linux only, as all fault tests are.
"""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

GONE = "ZX"
STOPPED = "tT"


def descendants(pid: int) -> list[int]:
    """All that are there now, parents before their children. Read from every process's own record: the list of children
    that the kernel keeps with the parent leaves some out while others end."""
    parents = {child: parent for child, (_, parent, _) in _all().items()}
    found, todo = [], [pid]
    while todo:
        parent = todo.pop(0)
        children = sorted(child for child, its_parent in parents.items() if its_parent == parent)
        found += children
        todo += children
    return found


def lives(pid: int) -> bool:
    return _state(pid) not in GONE


class Frozen:
    """What was stopped, so that exactly that goes on again: a process may be orphaned while it stands still."""

    def __init__(self, pid: int) -> None:
        self._born: dict[int, int] = {}
        while fresh := [each for each in (pid, *descendants(pid)) if each not in self._born and lives(each)]:
            for each in fresh:  # the parent first, which then has no more children
                self._born[each] = _born(each)
                with suppress(ProcessLookupError):
                    os.kill(each, signal.SIGSTOP)
            _wait_until_stopped(fresh)

    def thaw(self) -> None:
        for pid, born in self._born.items():
            if _born(pid) == born:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)


def _wait_until_stopped(pids: list[int]) -> None:
    """A signal is on its way for a moment, in which a process may still have a child."""
    deadline = time.monotonic() + 60
    while any(_state(pid) not in STOPPED + GONE for pid in pids):
        assert time.monotonic() < deadline, f"one of {pids} could not be stopped"
        time.sleep(0.001)


def _all() -> dict[int, tuple[str, int, int]]:
    return {pid: _record(pid) for pid in map(int, filter(str.isdigit, os.listdir("/proc")))}


def _state(pid: int) -> str:
    return _record(pid)[0]


def _born(pid: int) -> int:
    return _record(pid)[2]


def _record(pid: int) -> tuple[str, int, int]:
    """State, parent, and the tick of its start, which tells it from a later process with its number."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it ended meanwhile
        return "X", 0, 0
    return fields[0], int(fields[1]), int(fields[19])
