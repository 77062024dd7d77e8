"""One part in this process: `python -m bench.alone PART FILE` measures it and writes the result."""

import importlib
import json
import signal
import sys
from pathlib import Path

from services.children import adopt_orphans


def main(part: str, file: Path) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # to clear up then too
    adopt_orphans()  # what a killed program leaves behind is ours too: bench/usage.py
    file.write_text(json.dumps(importlib.import_module(f"bench.{part}").measure()))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
