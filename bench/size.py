"""How large a measurement is: in full, or just large enough to see that it runs (`python -m bench --quick`)."""

import os

QUICK = "BENCH_QUICK"


def is_quick() -> bool:
    return bool(os.environ.get(QUICK))


def pick(full: int, quick: int) -> int:
    return quick if is_quick() else full
