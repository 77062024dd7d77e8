"""A server of an earlier run that is still there, or its pid file that names somebody else by now."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path


def clear(pid_file: Path, *, belongs_to: Path, stop_with: signal.Signals) -> None:
    """Ends the server that `pid_file` names if its command line names the directory `belongs_to`; drops the file.

    Only while var/ is locked by us: then nobody else may be running on that directory.
    """
    with suppress(FileNotFoundError, ValueError, IndexError, ProcessLookupError):
        pid = int(pid_file.read_text().split()[0])
        for number in (stop_with, signal.SIGKILL):
            if str(belongs_to) not in command_line(pid):
                break
            os.kill(pid, number)
            deadline = time.monotonic() + 10
            while command_line(pid) and time.monotonic() < deadline:
                time.sleep(0.05)
    pid_file.unlink(missing_ok=True)


def command_line(pid: int) -> str:
    """Of a living process; empty if there is none."""
    proc = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self").exists():
        with suppress(OSError):
            return proc.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return ""
    answer = subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True)
    return answer.stdout.strip()
