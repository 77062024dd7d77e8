"""A disk that is full: for PostgreSQL alone, and mended at the end of the block.

Where we may mount one it is a small disk of its own, filled to the last byte. Where we may not, the kernel refuses what
would make a file longer, which PostgreSQL takes for a full disk as well.
"""

import os
import resource
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests import process_tree
from tests.system import System

SIZE_MB = 300


class Disk:
    """Of the PostgreSQL of one system."""

    def __init__(self, home: Path, *, is_small: bool) -> None:
        self._home, self.is_small = home, is_small

    @contextmanager
    def full(self, system: System) -> Iterator[None]:
        with self._filled() if self.is_small else _no_longer_files(system):
            yield

    @contextmanager
    def _filled(self) -> Iterator[None]:
        ballast = self._home / "ballast"
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(2**16))
        try:
            yield
        finally:
            ballast.unlink()


@contextmanager
def small_disk(home: Path, *, mount: bool = True) -> Generator[Disk]:
    """A file system of its own for what will lie in this directory, if we may mount one."""
    home.mkdir(mode=0o711, parents=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=0711", "recovery-tests", str(home)]
    try:
        mounted = mount and os.geteuid() == 0 and subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        mounted = False
    try:
        yield Disk(home, is_small=mounted)
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(home)], check=True)


@contextmanager
def _no_longer_files(system: System) -> Iterator[None]:
    """Whoever PostgreSQL starts meanwhile inherits it."""
    _limit(system, 8 * 1024)
    try:
        yield
    finally:
        _limit(system, resource.RLIM_INFINITY)


def _limit(system: System, length: int) -> None:
    if system.is_running("postgres"):
        pid = system.pid("postgres")
        for each in (pid, *process_tree.descendants(pid)):
            with suppress(ProcessLookupError):
                resource.prlimit(each, resource.RLIMIT_FSIZE, (length, resource.RLIM_INFINITY))
