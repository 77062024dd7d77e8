"""Runs the measurements, all or those named, prints a table and merges them into bench/results.json."""

import argparse
import importlib
import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

PARTS = ["judge", "post"]
RESULTS = Path(__file__).with_name("results.json")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"any of {', '.join(PARTS)}; all when none is named")
    named = parser.parse_args().parts or PARTS
    unknown = set(named) - set(PARTS)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}: choose from {', '.join(PARTS)}")
    results: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for part in named:
        print(f"measuring {part} ...", flush=True)
        measured = importlib.import_module(f"bench.{part}").measure()
        results[part] = measured | {"measured_on": f"{datetime.now(UTC):%Y-%m-%d}", "machine": _machine()}
        for name, value in measured.items():
            print(f"  {name.replace('_', ' '):<44} {value}")
        RESULTS.write_text(json.dumps(results, indent=2) + "\n")


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"


if __name__ == "__main__":
    main()
