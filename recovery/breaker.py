"""Leaves alone, for a while, what has just failed several times."""

import threading
import time


class Breaker:
    """Opens after so many failures in a row; then one try in so many seconds, until one succeeds. One per process."""

    def __init__(self, *, failures: int, seconds: float) -> None:
        self._limit = failures
        self._seconds = seconds
        self._failures = 0
        self._rests_until = 0.0
        self._lock = threading.Lock()

    def allows(self) -> bool:
        return self._failures < self._limit or time.monotonic() >= self._rests_until

    def failed(self) -> bool:
        """Count a failure. True when it opens the breaker (not when it keeps it open)."""
        with self._lock:
            self._failures += 1
            if self._failures >= self._limit:
                self._rests_until = time.monotonic() + self._seconds
            return self._failures == self._limit

    def succeeded(self) -> bool:
        """Forget the failures. True when that closes the breaker."""
        with self._lock:
            was_open, self._failures = self._failures >= self._limit, 0
            return was_open
