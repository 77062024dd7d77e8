"""How large a measurement is: in full, or just large enough to see that it runs (`python -m bench --quick`)."""

import os

QUICK = "BENCH_QUICK"
TABLES = "BENCH_TABLES"
"""A file that PostgreSQL wrote of a migrated database, read in place of migrating: for many quick ones in a row."""


def is_quick() -> bool:
    return bool(os.environ.get(QUICK))


def pick(full: int, quick: int) -> int:
    return quick if is_quick() else full
