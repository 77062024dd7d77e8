import time
from collections.abc import Callable


def wait_until(holds: Callable[[], object], within_s: float = 30.0, why: str = "it did not happen") -> None:
    """Asks again and again. The limit only ends a test that has failed already; it is no measurement."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, why
        time.sleep(0.02)
