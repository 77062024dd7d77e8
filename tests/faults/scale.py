"""How hard the fault tests try. `FAULTS=long` (`make faults`) runs the same code with the numbers of a night: 50 kills
instead of 3, 10,000 check-ins instead of 150.
"""

import os

import pytest

SCALE = os.environ.get("FAULTS", "short")
assert SCALE in {"short", "long"}, f"FAULTS is {SCALE!r}: write short or long"

LONG = SCALE == "long"

LONGEST_S = 3600 if LONG else 240
"""A test that takes longer hangs."""


def times(short: int, long: int) -> int:
    return long if LONG else short


long_only = pytest.mark.skipif(not LONG, reason="takes minutes however small its numbers: make faults")
