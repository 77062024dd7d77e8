"""Publishes nudges and prints what became of them: `python -m tests.faults.nudging TIMES [THREADS]`."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor


def main(times: int, threads: int) -> None:
    import django

    django.setup()
    from recovery import nudges

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(nudges.flag, range(times)))
    json.dump(nudges.counts, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
