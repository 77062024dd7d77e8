"""The driver's end of the clock that doors and watch read (recovery/clock.py): how far the demo lags behind real time.

It runs at the speed of real time and is moved on from one event to the next, never backwards, until it has caught up.
"""

import mmap
from datetime import UTC, datetime, timedelta
from pathlib import Path

from recovery.clock import LAG


def make(path: Path, *, starts_at: datetime) -> None:
    """The file, before anybody reads it. Kept in place afterwards: whoever has it open sees every move."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lag = min(timedelta(), starts_at - datetime.now(UTC))
    with open(path, "r+b" if path.exists() else "w+b") as file:
        file.write(LAG.pack(lag.total_seconds()))


class DemoClock:
    def __init__(self, path: Path) -> None:
        with open(path, "r+b") as file:
            self._file = mmap.mmap(file.fileno(), LAG.size)

    @property
    def lag_s(self) -> float:
        """Seconds; at most 0."""
        lag: float = LAG.unpack_from(self._file)[0]
        return lag

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.lag_s)

    def move_to(self, instant: datetime) -> None:
        """Forward to that instant; it stays where it is when that has passed."""
        lag_s = min(0.0, (instant - datetime.now(UTC)).total_seconds())
        if lag_s > self.lag_s:
            LAG.pack_into(self._file, 0, lag_s)

    def land(self) -> None:
        """On real time, for good."""
        LAG.pack_into(self._file, 0, 0.0)
