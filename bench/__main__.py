"""Runs the measurements, all or those named, prints a table and merges them into bench/results.json."""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import report, size, usage

PARTS = [
    "judge",
    "post",
    "telling",
    "phones",
    "drain",
    "queue",
    "board",
    "growth",
    "memory",
    "watch",
    "auditor",
]
CLEARS_UP_WITHIN_S = 120.0
RESULTS = Path(__file__).with_name("results.json")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"any of {', '.join(PARTS)}; all when none is named")
    parser.add_argument(
        "--quick", action="store_true", help="tiny numbers: shows that it runs, measures nothing"
    )
    parser.add_argument(
        "--into", type=Path, metavar="FILE", help="write the results there, not into the repository"
    )
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    unknown = set(asked.parts) - set(PARTS)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}: choose from {', '.join(PARTS)}")
    if asked.quick:
        os.environ[size.QUICK] = "yes"
    elsewhere = asked.quick or asked.into is not None
    path = asked.into or (None if asked.quick else RESULTS)
    results: dict[str, Any] = json.loads(path.read_text()) if path and path.exists() else {}
    failed = []
    for part in asked.parts or PARTS:
        try:
            results[part] = _measure(part)
        except subprocess.CalledProcessError:
            failed.append(part)
        if path:
            path.write_text(json.dumps(results, indent=2) + "\n")
    print(report.table(results))
    if not elsewhere:
        report.write_page(results)
    if failed:
        sys.exit(f"Not measured, see above: {', '.join(failed)}")


def _measure(part: str) -> dict[str, Any]:
    """In a process of its own: Django knows one database for as long as a process lives."""
    print(f"measuring {part} ...", flush=True)
    began, others = time.monotonic(), usage.Neighbours()
    with tempfile.NamedTemporaryFile(mode="r", suffix=".json") as file:
        _run([sys.executable, "-m", "bench.alone", part, file.name])
        measured: dict[str, Any] = json.load(file)
    measured |= {
        "took_s": round(time.monotonic() - began),
        "others_cores": others.cores(),
        "measured_on": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
    }
    for name, value in measured.items():
        print(f"  {name.replace('_', ' '):<44} {value}")
    return measured


def _run(command: list[str]) -> None:
    """Raises CalledProcessError. When we are stopped, it has its time to clear up."""
    process = subprocess.Popen(command)
    try:
        if status := process.wait():
            raise subprocess.CalledProcessError(status, command)
    finally:
        process.terminate()
        process.wait(CLEARS_UP_WITHIN_S)


if __name__ == "__main__":
    main()
