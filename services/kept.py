"""One process that is kept running, and the states it goes through."""

import signal
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from services.children import Child
from services.process import Process, State

if TYPE_CHECKING:
    from services.supervisor import Supervisor

PROVEN_S = 5.0
"""Up for this long, a process has shown that it can run at all, and will be started again for ever."""
STEADY_S = 30.0
"""Up for this long, it is forgiven its earlier failures."""
LONGEST_REST_S = 10.0
MOST_FALSE_STARTS = 3
"""Ends of its own accord before it was proven, after which starting it is given up."""
ORPHANS_PATIENCE_S = 2.0
LINES_KEPT = 30


class Kept:
    """One process and its state; `step` moves it on as far as it goes without waiting."""

    def __init__(self, process: Process, supervisor: "Supervisor") -> None:
        self.process, self.supervisor = process, supervisor
        self.state = State.WAITING
        self.child: Child | None = None
        self._since = time.monotonic()
        self._failures = 0
        self._false_starts = 0
        self._is_proven = False
        self._lines: deque[str] = deque(maxlen=LINES_KEPT)
        self._unfinished = b""

    def step(self, *, stopping: bool) -> None:
        if stopping and self.state not in {State.ENDING, State.SWEEPING, State.STOPPED}:
            self._end()
        match self.state:
            case State.WAITING if not stopping and self.supervisor.may_start(self.process):
                self._start()
            case State.RESTING if not stopping and self._age() > self._rest():
                self._start()
            case State.STARTING:
                self._look_whether_ready()
            case State.UP:
                self._look_whether_it_runs()
            case State.ENDING:
                self._look_whether_ended()
            case State.SWEEPING:
                self._sweep(stopping)

    def kill(self) -> None:
        if self.child:
            self.child.kill()
            self._forget_child()

    def _age(self) -> float:
        return time.monotonic() - self._since

    def _rest(self) -> float:
        return float(min(LONGEST_REST_S, 0.25 * 2**self._failures))

    def _go(self, state: State) -> None:
        self.state, self._since = state, time.monotonic()

    def _start(self) -> None:
        try:
            self.process.before()
            self.child = self.supervisor.spawn(self.process)
        except Exception as error:  # whatever it is, it is said, and tried again or given up
            self._lines.extend(str(error).splitlines() or [repr(error)])
            self._failed("could not be started", by_itself=True)
            return
        self.supervisor.listen(self.child, self._read)
        self._go(State.STARTING)

    def _look_whether_ready(self) -> None:
        assert self.child
        status = self.child.poll()
        if status == 0 and self.process.once:
            self._read()
            self._forget_child()
            self._go(State.DONE)
        elif status is not None:
            self._ended_unasked(status)
        elif not self.process.once and (self.process.ready is None or self.process.ready()):
            self._is_proven = self._is_proven or self.process.ready is not None
            self._go(State.UP)
        elif self._age() > self.process.ready_within_s:
            self._lines.append(f"not ready after {self.process.ready_within_s:.0f} s")
            self.child.kill()
            self._ended_unasked(None)

    def _look_whether_it_runs(self) -> None:
        assert self.child
        if (status := self.child.poll()) is not None:
            self._ended_unasked(status)
        elif self._age() > PROVEN_S:
            self._is_proven = True
            if self._age() > STEADY_S:
                self._failures = 0

    def _ended_unasked(self, status: int | None) -> None:
        """The program is gone; its children, which may hold its port, are seen to before it starts again."""
        assert self.child
        self._read()
        self.child.signal_all(self.process.stop_with)
        self._failed(_in_words(status), by_itself=status is not None and status >= 0)
        if not self.child.is_gone():
            self._go(State.SWEEPING)
        else:
            self._forget_child()

    def _failed(self, how: str, *, by_itself: bool) -> None:
        self._failures += 1
        self._false_starts += by_itself and not self._is_proven
        for line in self._lines:
            self.supervisor.line(self.process.name, line)
        self._lines.clear()
        if self.process.once or self._false_starts >= MOST_FALSE_STARTS:
            self.supervisor.say(f"{self.process.name} {how}: giving up")
            self.supervisor.give_up()
            self._go(State.STOPPED)
        else:
            self.supervisor.say(f"{self.process.name} {how}: starting it again in {self._rest():.1f} s")
            self._go(State.RESTING)

    def _sweep(self, stopping: bool) -> None:
        assert self.child
        if self._age() > ORPHANS_PATIENCE_S:
            self.child.kill()
        if self.child.is_gone() or self._age() > ORPHANS_PATIENCE_S:
            self._forget_child()
            self._go(State.STOPPED if stopping else State.RESTING)

    def _end(self) -> None:
        """What has nothing to stop waits for its turn, too: what it stands on is needed by those who stand on it."""
        if not self.supervisor.may_stop(self.process):
            return
        if self.child is None:
            self._go(State.STOPPED)
        else:
            self.child.ask_to_stop()
            self._go(State.ENDING)

    def _look_whether_ended(self) -> None:
        assert self.child
        if self.child.poll() is None and self._age() < self.process.patience_s:
            return
        if self.child.poll() is None:
            self.supervisor.say(
                f"{self.process.name} did not stop within {self.process.patience_s:.0f} s: killed"
            )
        self._read()
        self.child.kill()
        self._forget_child()
        self._go(State.STOPPED)

    def _forget_child(self) -> None:
        assert self.child
        self.supervisor.unlisten(self.child)
        self.child = None

    def _read(self) -> None:
        """What the process has said until now."""
        assert self.child
        assert self.child.stdout
        chunk: bytes | None = b""
        with suppress(ValueError, OSError):
            chunk = self.child.stdout.read(65_536)
        if chunk == b"":
            self.supervisor.unlisten(self.child)
        *lines, self._unfinished = (self._unfinished + (chunk or b"")).split(b"\n")
        for line in lines:
            text = line.decode(errors="replace").rstrip()
            if self.process.quiet:
                self._lines.append(text)
            else:
                self.supervisor.line(self.process.name, text)


def _in_words(status: int | None) -> str:
    if status is None:
        return "was too slow"
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with status {status}"
