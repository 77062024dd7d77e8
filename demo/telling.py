"""What is told of a running demo: to programs in var/demo.json, to people on the screen."""

import json
import os
from collections.abc import Mapping
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


OTHER_SEATS = ("doctor", "coordinator", "admin", "auditor", "operator")


def panel(story: Mapping[str, Any], *, base_url: str, mail: Path, sign: Path) -> str:
    """How to take a seat: a nurse's of each clinic, every other one once, a patient's phone and a helper's."""
    newcomer, helper = story["newcomer"], story["helper"]
    nurses: dict[str, Mapping[str, str]] = {}
    others: dict[str, Mapping[str, str]] = {}
    for member in [*story["staff"], *story["overseers"]]:
        if member["role"] == "nurse":
            nurses.setdefault(member["clinic"], member)
        else:
            others.setdefault(member["role"], member)
    lines = ["", "Ready. The time is real now.", "", f"  The board     {base_url}/"]
    for clinic, nurse in nurses.items():
        lines += [
            f"    {clinic}",
            f"      e-mail    {nurse['email']}",
            f"      password  {nurse['password']}",
        ]
    lines += ["    Other seats at the first of them, and the operator's"]
    lines += [
        f"      {role:<11}  {others[role]['email']:<34}  {others[role]['password']}" for role in OTHER_SEATS
    ]
    lines += ["    The code that is asked for then stands on that page: this is a demonstration."]
    lines += [
        f"  A phone       {base_url}/phone",
        f"      code      {newcomer['code']}   ({newcomer['name']}, {newcomer['clinic']}, treated a few hours ago)",
        f"      code      {helper['code']}   ({helper['name']}, who helps {helper['patient']}: for another browser)",
        f"  The mails     {mail}/",
        f"  For programs  {sign}",
        "",
        "  Ctrl-C stops it, `make demo` goes on with it, `make clean` forgets it.",
        "",
    ]
    return "\n".join(lines)
