"""`make drill`: backs up, loses the disk, restores, holds it to the invariants; once with all of the log, and once with
what had reached the other disk by then. Ends with 1 if an invariant is broken, or a limit."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.alone import prepare

LOST_AT_MOST_S, BACK_WITHIN_S = 60.0, 900.0
"""What may be lost of what was stored (phones still have it), and until a red flag reaches the team again."""


def main() -> int:
    directory = Path(tempfile.mkdtemp(prefix="recovery-drill-"))
    directory.chmod(0o711)
    try:
        prepare(directory)
        from tests.drill.disaster import OtherDisk, Refused
        from tests.drill.drill import drill
        from tests.drill.earlier import drill_to_an_earlier_time

        patients = int(os.environ.get("PATIENTS") or 200)
        try:
            whole = OtherDisk(directory / "other-disk")
            outcome = drill(patients=patients, seconds=10, disk=whole, say=_say)
            earlier = drill_to_an_earlier_time(
                patients=min(patients, 20),
                seconds=float(os.environ.get("SECONDS") or 75),
                disk=OtherDisk(directory / "cut-off-disk"),
                directory=directory / "older",
                say=_say,
            )
        except (AssertionError, Refused) as broken:
            _say(f"THE DRILL FAILED: {broken}")
            return 1
        _say(f"Restored: {', '.join(f'{count:,} {name}' for name, count in outcome.rows.items())}.")
        _say(
            f"With all of the log: open {outcome.restore_took_s:.1f} s after the restore began, nothing missing. With "
            f"what was kept by then: the last {earlier.lost_s:.1f} s missing ({earlier.answered - earlier.restored} of "
            f"{earlier.answered} reports, which the phones sent again); a red flag reached the team "
            f"{earlier.back_after_s:.1f} s after the disk was lost."
        )
        if earlier.lost_s > LOST_AT_MOST_S or earlier.back_after_s > BACK_WITHIN_S:
            _say(f"TOO MUCH: at most {LOST_AT_MOST_S:.0f} s may be lost, and {BACK_WITHIN_S:.0f} s pass.")
            return 1
        return 0
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
