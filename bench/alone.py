"""One part in this process: `python -m bench.alone PART FILE` measures it and writes the result."""

import importlib
import json
import sys
from pathlib import Path


def main(part: str, file: Path) -> None:
    file.write_text(json.dumps(importlib.import_module(f"bench.{part}").measure()))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
