"""Starts supervised.py in a directory of its own, and looks at what runs."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from services.children import ROOT
from services.leftovers import command_line


def _hang_ups_count() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


class Scene:
    """One supervisor with its processes. `end` leaves nothing behind, whatever the test did."""

    def __init__(
        self, var: Path, name: str, *more: object, prefix: Sequence[str] = (), python: str = sys.executable
    ):
        self.var = var
        self.output = var.parent / f"output-{os.urandom(3).hex()}"
        with self.output.open("wb") as output:
            self.supervisor = subprocess.Popen(
                [*prefix, python, "-m", "tests.house.supervised", str(var), name, *map(str, more)],
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                preexec_fn=_hang_ups_count,  # also where the tests themselves run under nohup
            )

    @property
    def pids(self) -> dict[str, int]:
        path = self.var / "pids.json"
        return json.loads(path.read_text()) if path.exists() else {}

    @property
    def said(self) -> str:
        return self.output.read_text(errors="replace")

    def is_up(self) -> bool:
        assert self.supervisor.poll() is None, self.said
        return (self.var / "up").exists()

    def left(self) -> dict[int, str]:
        """What still runs of it: process ids and command lines."""
        found = {int(entry): command_line(int(entry)) for entry in os.listdir("/proc") if entry.isdigit()}
        return {pid: line for pid, line in found.items() if f"{self.var}" in line}

    def end(self) -> None:
        self.supervisor.kill()
        self.supervisor.wait()
        for pid in self.left():
            os.kill(pid, signal.SIGKILL)
