"""What the supervisor says, and what its processes say, one line at a time, each with the name of who spoke.

Written by a thread of its own: a reader of our output who stops reading (a full pipe) must not stop the supervisor.
"""

import os
import queue
import sys
import threading

COLOURS = (36, 33, 32, 35, 34, 96, 93, 92)
MOST_WAITING = 2_000


class Console:
    def __init__(self, names: list[str], descriptor: int = 1) -> None:
        plain = bool(os.environ.get("NO_COLOR")) or not os.isatty(descriptor)
        self._width = max(map(len, names), default=0)
        self._colour = {} if plain else {name: COLOURS[i % len(COLOURS)] for i, name in enumerate(names)}
        self._descriptor = descriptor
        self._waiting: queue.Queue[str | None] = queue.Queue(MOST_WAITING)
        self._unsaid = 0
        self._thread = threading.Thread(target=self._write, daemon=True)
        self._thread.start()

    def line(self, name: str, text: str) -> None:
        """Never blocks: what cannot be written now is dropped when too much waits, and counted."""
        label = f"{name:<{self._width}} |"
        if colour := self._colour.get(name):
            label = f"\033[{colour}m{label}\033[0m"
        try:
            if self._unsaid:
                self._waiting.put_nowait(f"({self._unsaid} lines were dropped: nobody read them)\n")
                self._unsaid = 0
            self._waiting.put_nowait(f"{label} {text}\n")
        except queue.Full:
            self._unsaid += 1

    def say(self, text: str) -> None:
        """The supervisor's own word, without a name before it."""
        sys.stdout.flush()
        with_newline = text if text.endswith("\n") else f"{text}\n"
        try:
            self._waiting.put_nowait(with_newline)
        except queue.Full:
            self._unsaid += 1

    def close(self) -> None:
        """Waits a moment for what is still to be written."""
        try:
            self._waiting.put_nowait(None)
        except queue.Full:
            return
        self._thread.join(timeout=1)

    def _write(self) -> None:
        while (text := self._waiting.get()) is not None:
            data = text.encode(errors="replace")
            try:
                while data:
                    data = data[os.write(self._descriptor, data) :]
            except (
                OSError
            ):  # the reader is gone: go on without one, somebody may still use what we keep running
                continue
