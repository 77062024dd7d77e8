"""Child processes that cannot outlive us: by the kernel's parent-death signal (Linux), and by the guard.

The kernel sends its signal when the *thread* that started the child ends: start children from the main thread only.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from services import guard as guard_script
from services.account import Account

ROOT = Path(__file__).resolve().parent.parent
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


class Guard:
    """Our end of guard.py. One per process that starts children; `hold` are descriptors it keeps open until all is over
    (a lock, which thus is not free before the last child is gone)."""

    def __init__(self, hold: Sequence[int] = ()) -> None:
        self._hold = tuple(hold)
        self._groups: dict[int, int] = {}
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        """It knows of those that run already from its first moment: we may be killed before another word."""
        known = [f"+{group} {stop_with}" for group, stop_with in self._groups.items()]
        command = [sys.executable, "-I", "-S", guard_script.__file__, *known]
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, start_new_session=True, pass_fds=self._hold, cwd="/", bufsize=0
        )

    def record(self, group: int, stop_with: int) -> None:
        self._groups[group] = stop_with
        self._write(f"+{group} {stop_with}\n")

    def forget(self, group: int) -> None:
        self._groups.pop(group, None)
        self._write(f"-{group}\n")

    def renew(self) -> bool:
        """Another guard if somebody killed ours. True if that was so."""
        if self._process.poll() is None:
            return False
        assert self._process.stdin
        self._process.stdin.close()
        self._process = self._start()
        return True

    def close(self) -> None:
        """Ends what is still running, and the guard."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()

    def _write(self, line: str) -> None:
        assert self._process.stdin
        with suppress(BrokenPipeError):  # killed: renew() will tell its successor
            self._process.stdin.write(line.encode())


class Child:
    """One program in a session and process group of its own, so that its children can be found when it is gone."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        guard: Guard,
        env: Mapping[str, str] | None = None,
        stop_with: signal.Signals = signal.SIGTERM,
        account: Account = Account(),
        output: int | IO[bytes] | None = None,
    ) -> None:
        parent = os.getpid()

        def tie_to_parent() -> None:
            if _libc:
                _libc.prctl(PR_SET_PDEATHSIG, int(stop_with))
            for number in (
                signal.SIGINT,
                signal.SIGHUP,
            ):  # a shell's `&` and `nohup` would leave them ignored
                signal.signal(number, signal.SIG_DFL)
            if os.getppid() != parent:
                os._exit(1)

        identity = (
            {} if account.uid is None else {"user": account.uid, "group": account.uid, "extra_groups": []}
        )
        self._guard, self._stop_with = guard, stop_with
        self._popen: subprocess.Popen[bytes] = subprocess.Popen(
            [*account.prefix, *map(str, argv)],
            env=environment() if env is None else env,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=tie_to_parent,
            **identity,  # type: ignore[call-overload]
        )
        self.pid = self._popen.pid
        self.stdout = self._popen.stdout
        guard.record(self.pid, stop_with)

    def poll(self) -> int | None:
        """The exit status of the program itself; its children may still be there (see `is_gone`)."""
        return self._popen.poll()

    def signal(self, number: int) -> None:
        """To the program itself."""
        if self._popen.poll() is None:
            os.kill(self.pid, number)

    def signal_all(self, number: int) -> bool:
        """To the program and its children. False if nobody is left."""
        return guard_script.send(self.pid, number)

    def ask_to_stop(self) -> None:
        self.signal(self._stop_with)

    def is_gone(self) -> bool:
        """The program and all its children."""
        if self._popen.poll() is None:
            return False
        with suppress(ChildProcessError):  # orphans that became ours (see `adopt_orphans`)
            while os.waitpid(-self.pid, os.WNOHANG)[0]:
                pass
        if guard_script.lives(self.pid):
            return False
        self._guard.forget(self.pid)
        return True

    def stop(self, patience_s: float = 10.0) -> None:
        """Asks, waits, kills; then the same, shortly, with children it left behind."""
        self.ask_to_stop()
        with suppress(subprocess.TimeoutExpired):
            self._popen.wait(patience_s)
        self.kill()

    def kill(self) -> None:
        """The program and its children, without asking."""
        self.signal_all(signal.SIGKILL)
        self._popen.wait()
        deadline = time.monotonic() + 2
        while not self.is_gone() and time.monotonic() < deadline:
            time.sleep(0.01)
        self._guard.forget(self.pid)


def environment(**more: str) -> dict[str, str]:
    """Ours, so that Python children compile once and speak at once."""
    mine = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return mine | {"PYTHONUNBUFFERED": "1"} | more


def adopt_orphans() -> None:
    """Makes children of a killed child ours, not init's, so that they can be waited for (Linux)."""
    if _libc:
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
