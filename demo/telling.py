"""What is told of a running demo: to programs in var/demo.json, to people on the screen."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

SHOWN = ("web", "worker", "watch", "auditor", "canary", "postgres", "broker")


def put_up(path: Path, document: Mapping[str, Any]) -> None:
    """The whole file or none: written under another name, then renamed. For its owner's eyes: it holds passwords."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(document, file, indent=2)
    fresh.replace(path)


def processes(pids: Mapping[str, int]) -> dict[str, int]:
    """Those that somebody may want to stop or to look at; not those of a server that was given."""
    return {name: pids[name] for name in SHOWN if name in pids}


def panel(
    *, base_url: str, staff: Sequence[Mapping[str, str]], newcomer: Mapping[str, str], mail: Path, sign: Path
) -> str:
    """How to take a seat: a nurse's of each clinic, and a patient's phone."""
    nurses: dict[str, Mapping[str, str]] = {}
    for member in staff:
        if member["role"] == "nurse":
            nurses.setdefault(member["clinic"], member)
    lines = ["", "Ready. The time is real now.", "", f"  The board     {base_url}/"]
    for clinic, nurse in nurses.items():
        lines += [
            f"    {clinic}",
            f"      e-mail    {nurse['email']}",
            f"      password  {nurse['password']}",
        ]
    lines += ["    The code that is asked for then stands on that page: this is a demonstration."]
    lines += [
        f"  A phone       {base_url}/phone",
        f"      code      {newcomer['code']}   ({newcomer['name']}, {newcomer['clinic']}, treated a few hours ago)",
        f"  The mails     {mail}/",
        f"  For programs  {sign}",
        "",
        "  Ctrl-C stops it, `make demo` goes on with it, `make clean` forgets it.",
        "",
    ]
    return "\n".join(lines)
