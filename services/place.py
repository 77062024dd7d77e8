"""The directory that holds all state (var/): made, checked, locked against a second run, forgotten.

As a script, `python3 services/place.py forget` removes it, unless it is in use.
"""

import fcntl
import os
import pwd
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path

LOCK = "lock"


class NotOurs(RuntimeError):
    """The directory cannot be used; the message says by whom it is held and what to do."""


def claim(var: Path, *, patience_s: float = 15.0) -> int:
    """Locks the directory for this process and returns the descriptor; the lock goes when the last holder closes it.

    If the run that held it was killed, its guard holds the lock a few seconds longer: that is waited for.
    """
    _make(var)
    lock = os.open(var / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(lock)
            if _lives(holder) or time.monotonic() > deadline:
                os.close(lock)
                message = f"{var} is in use by process {holder or 'unknown'}: stop that with Ctrl-C or `kill {holder}`."
                raise NotOurs(message) from None
            time.sleep(0.1)
        else:
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
            return lock


def forget(var: Path, *, patience_s: float = 15.0) -> None:
    """Removes the directory with all that is in it. Refuses while it is in use."""
    if not var.exists():
        return
    lock = claim(var, patience_s=patience_s)
    try:
        shutil.rmtree(var)
    finally:
        os.close(lock)


def _make(var: Path) -> None:
    try:
        var.mkdir(mode=0o711, parents=True, exist_ok=True)
    except OSError as error:
        raise NotOurs(f"Cannot make {var}: {error.strerror}.") from None
    owner = var.stat().st_uid
    if owner != os.geteuid():
        raise NotOurs(
            f"{var} belongs to {_name(owner)} and this is {_name(os.geteuid())}: go on as {_name(owner)}, "
            "or let it be forgotten by its owner with `make clean`."
        )
    if not os.access(var, os.W_OK | os.X_OK):
        raise NotOurs(f"{var} is not writable.")


def _holder(lock: int) -> int:
    with suppress(ValueError):
        return int(os.pread(lock, 20, 0).split()[0]) if os.pread(lock, 20, 0) else 0
    return 0


def _lives(pid: int) -> bool:
    with suppress(ProcessLookupError):
        if pid:
            with suppress(PermissionError):
                os.kill(pid, 0)
            return True
    return False


def _name(uid: int) -> str:
    with suppress(KeyError):
        return pwd.getpwuid(uid).pw_name
    return f"user id {uid}"


if __name__ == "__main__":
    if sys.argv[1:] != ["forget"]:
        sys.exit(__doc__)
    try:
        forget(Path(__file__).resolve().parent.parent / "var")
    except NotOurs as error:
        sys.exit(str(error))
