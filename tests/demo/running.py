"""A demo run as a newcomer runs it: a process with its own servers, in a directory of its own."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from services import ports
from services.children import ROOT

READY_WITHIN_S = 400
OURS = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "REDIS_URL",
    "EMAIL_URL",
    "BASE_URL",
    "SECRET_KEY",
    "RECOVERY_TESTS",
)


class Demo:
    def __init__(self, var: Path, process: subprocess.Popen[bytes], log: Path) -> None:
        self.var, self.process, self.log = var, process, log

    @property
    def told(self) -> dict[str, Any]:
        with suppress(FileNotFoundError):
            told: dict[str, Any] = json.loads((self.var / "demo.json").read_text())
            return told
        return {}

    def wait(self, until: Any, within_s: float = 60) -> None:
        deadline = time.monotonic() + within_s
        while not until():
            assert self.process.poll() is None, self.log.read_text()[-4000:]
            assert time.monotonic() < deadline, self.log.read_text()[-4000:]
            time.sleep(0.05)

    def get(self, path: str, token: str = "") -> int:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(self.told["base_url"] + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@contextmanager
def demo(var: Path, *options: str) -> Iterator[Demo]:
    """Started and ready; killed at the end if it still runs."""
    port = ports.free()
    log = var.parent / "demo.log"
    environment = {name: value for name, value in os.environ.items() if name not in OURS} | {
        "PORT": str(port)
    }
    command = [sys.executable, "manage.py", "demo", "--var", str(var), *options]
    with open(log, "ab") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    run = Demo(var, process, log)
    try:
        run.wait(lambda: run.told.get("ready"), READY_WITHIN_S)
        yield run
    finally:
        if process.poll() is None:
            run.stop()


def left_running(var: Path) -> Mapping[int, str]:
    """Every process that has to do with the directory, by its command line or its environment."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            with suppress(OSError):
                line = (entry / "cmdline").read_bytes()
                if str(var).encode() in line + (entry / "environ").read_bytes():
                    found[int(entry.name)] = line.replace(b"\0", b" ").decode(errors="replace")
    return found
