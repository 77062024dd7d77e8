"""The guard: a small process that outlives its parent by a few seconds and takes along all that it had started.

Its arguments and the lines of its standard input: `+group signal` (a process group, and what asks it politely to end)
and `-group`. When the pipe closes - the parent ended, were it by `kill -9` - it asks all remaining groups, waits, and
kills. Alone in a session, so that neither Ctrl-C nor a closing terminal reaches it. Run as a script; imports next to
nothing.
"""

import os
import signal
import sys
import time
from itertools import chain

PATIENCE_S = 5.0


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: dict[int, int] = {}
    for line in chain(sys.argv[1:], sys.stdin):
        group, *stop_with = line[1:].split()
        if stop_with:
            groups[int(group)] = int(stop_with[0])
        else:
            groups.pop(int(group), None)
    left = {group for group, number in groups.items() if send(group, number)}
    deadline = time.monotonic() + PATIENCE_S
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = {group for group in left if lives(group)}
    for group in left:
        send(group, signal.SIGKILL)


def send(group: int, number: int) -> bool:
    """False if nobody is there any more."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS says so of a group that holds only the dead
        return False
    return True


def lives(group: int) -> bool:
    """Whether somebody in the group still runs. The dead whom nobody has waited for yet do not count (Linux)."""
    if not send(group, 0) or not os.path.exists("/proc/self/stat"):
        return send(group, 0)
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as stat:
                state, _, its_group = stat.read().rpartition(")")[2].split()[:3]
        except (OSError, ValueError):
            continue
        if int(its_group) == group and state not in "ZX":
            return True
    return False


if __name__ == "__main__":
    main()
