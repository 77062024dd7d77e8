"""`make drill`: backs up, loses the disk, restores, holds it to the invariants. Ends with 1 if one is broken."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.alone import prepare


def main() -> int:
    directory = Path(tempfile.mkdtemp(prefix="recovery-drill-"))
    directory.chmod(0o711)
    try:
        prepare(directory)
        from tests.drill.disaster import OtherDisk, Refused
        from tests.drill.drill import drill

        try:
            outcome = drill(
                patients=int(os.environ.get("PATIENTS") or 200),
                seconds=10,
                disk=OtherDisk(directory / "other-disk"),
                say=_say,
            )
        except (AssertionError, Refused) as broken:
            _say(f"THE DRILL FAILED: {broken}")
            return 1
        _say(f"Restored: {', '.join(f'{count:,} {name}' for name, count in outcome.rows.items())}.")
        return 0
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
