"""`make chaos`: red flags by the thousand through a running system to which everything happens, from a seed. Prints
what was lost, doubled and sent too often, and how long it took; ends with 1 if a limit did not hold."""

import os
import secrets
import shutil
import sys
import tempfile
from pathlib import Path

from tests.alone import prepare


def main() -> int:
    red_flags = int(os.environ.get("RED_FLAGS") or 10_000)
    seed = int(os.environ.get("SEED") or secrets.randbelow(1_000_000))
    members = int(os.environ.get("MEMBERS") or 2)
    rate = float(os.environ.get("RATE") or 25)
    directory = Path(tempfile.mkdtemp(prefix="recovery-chaos-"))
    directory.chmod(0o711)
    try:
        prepare(directory)
        from tests.chaos import report, run

        outcome = run.run(red_flags=red_flags, seed=seed, rate=rate, members=members, say=_say)
        _say(report.table(outcome))
        return 0 if outcome.holds else 1
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
