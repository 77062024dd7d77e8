"""Starts processes in order of readiness, starts again what ends, and stops all in reverse order.

One thread, one loop. Ctrl-C, SIGTERM or SIGHUP stop cleanly; a second one kills. After `kill -9` of the supervisor the
kernel and the guard (children.py) take down what it had started, children of children included.
"""

import os
import selectors
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import FrameType

from services.children import Child, Guard, adopt_orphans
from services.console import Console
from services.kept import Kept
from services.process import Process, State

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
TICK_S = 0.1


class Supervisor:
    """`on_change` is called with the pids of all that runs whenever they change, `on_up` once when all is up."""

    def __init__(
        self,
        *,
        on_change: Callable[[Mapping[str, int]], None] = lambda pids: None,
        on_up: Callable[[], None] = lambda: None,
        hold: Sequence[int] = (),
    ) -> None:
        self._on_change, self._on_up, self._hold = on_change, on_up, hold
        self._stops_asked = 0
        self._gave_up = False

    def run(self, processes: Sequence[Process]) -> int:
        """Until asked to stop (0), or until something needed cannot be started (1). For the main thread."""
        self._console = Console([process.name for process in processes])
        self._selector = selectors.DefaultSelector()
        self._guard = Guard(self._hold)
        self._kept = [Kept(process, self) for process in processes]
        adopt_orphans()
        with self._signals():
            try:
                self._loop()
            finally:
                for kept in self._kept:
                    kept.kill()
                self._guard.close()
                self._selector.close()
                self._console.close()
        return 1 if self._gave_up else 0

    def say(self, text: str) -> None:
        """A line of the caller's, in order with the others."""
        self._console.say(text)

    def stop(self) -> None:
        """As Ctrl-C does: asks politely the first time, kills the second time."""
        self._stops_asked += 1

    def _loop(self) -> None:
        pids: dict[str, int] = {}
        was_up, told = False, 0
        while True:
            if self._stops_asked > told:
                told = self._stops_asked
                self.say("stopping ..." if told == 1 else "killing what is left")
            if told > 1:
                return
            for kept in self._kept:
                kept.step(stopping=bool(told))
            if self._guard.renew():
                self.say("the guard was killed; there is another one")
            if pids != (pids := {kept.process.name: kept.child.pid for kept in self._kept if kept.child}):
                self._on_change(dict(pids))
            if told and all(kept.state is State.STOPPED for kept in self._kept):
                return
            if not was_up and all(kept.state in {State.UP, State.DONE} for kept in self._kept):
                was_up = True
                self._on_up()
            for key, _ in self._selector.select(TICK_S):
                key.data()

    def _signals(self) -> "_Signals":
        return _Signals(self._selector, self.stop)

    # --- what the kept processes ask of us

    def may_start(self, process: Process) -> bool:
        ready = {State.UP, State.DONE}
        return all(other.state in ready for other in self._kept if other.process.name in process.after)

    def may_stop(self, process: Process) -> bool:
        """Nobody who needs it is left."""
        return all(k.state is State.STOPPED for k in self._kept if process.name in k.process.after)

    def give_up(self) -> None:
        self._gave_up = True
        self._stops_asked = max(self._stops_asked, 1)

    def spawn(self, process: Process) -> Child:
        return process.spawn(self._guard)

    def listen(self, child: Child, read: Callable[[], None]) -> None:
        assert child.stdout
        os.set_blocking(child.stdout.fileno(), False)
        self._selector.register(child.stdout, selectors.EVENT_READ, read)

    def unlisten(self, child: Child) -> None:
        assert child.stdout
        with suppress(KeyError, ValueError):
            self._selector.unregister(child.stdout)
            child.stdout.close()

    def line(self, name: str, text: str) -> None:
        self._console.line(name, text)


class _Signals:
    """Turns the stop signals into calls, and wakes the loop for them and for each child that ends."""

    def __init__(self, selector: selectors.BaseSelector, stop: Callable[[], None]) -> None:
        self._selector, self._stop = selector, stop

    def __enter__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._selector.register(self._reader, selectors.EVENT_READ, self._drain)
        self._old_descriptor = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._old = {signal.SIGCHLD: signal.signal(signal.SIGCHLD, lambda number, frame: None)}
        for number in STOP_SIGNALS:
            if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue  # nohup: told to outlive the terminal
            self._old[number] = signal.signal(number, self._asked)

    def _asked(self, number: int, frame: FrameType | None) -> None:
        self._stop()

    def _drain(self) -> None:
        with suppress(BlockingIOError):
            while self._reader.recv(4096):
                pass

    def __exit__(self, *exception: object) -> None:
        signal.set_wakeup_fd(self._old_descriptor)
        for number, handler in self._old.items():
            signal.signal(number, handler)
        self._reader.close()
        self._writer.close()
