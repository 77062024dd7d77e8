"""The shared memory by which a PostgreSQL keeps others off its directory. `kill -9` leaves it behind for good, unless
the server is started on the same directory again.
"""

import ctypes
import sys
from contextlib import suppress
from pathlib import Path

IPC_RMID = 0


def remove_left_by(data: Path) -> None:
    """Remove the segment that the pid file of a killed server names, if it is still that one and nobody is attached."""
    if sys.platform != "linux":
        return
    with suppress(FileNotFoundError, IndexError, ValueError):
        key, number = (data / "postmaster.pid").read_text().splitlines()[6].split()
        if (key, number) in _unattached():
            ctypes.CDLL(None).shmctl(int(number), IPC_RMID, None)


def _unattached() -> set[tuple[str, str]]:
    rows = [line.split() for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]]
    return {(key, number) for key, number, _, _, _, _, attached, *_ in rows if attached == "0"}
