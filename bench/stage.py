"""Real servers for a measurement: PostgreSQL and Valkey of their own, web, worker and watch as in production."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Self

from bench import size
from services import binaries, place, ports
from services.children import Child, Guard
from services.embedded import Services
from services.provision import connect, make_database

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "recovery-bench-"
START_WITHIN_S = 60.0

WEB = [
    "--interface",
    "wsgi",
    "--no-ws",
    "--workers",
    "2",
    "--blocking-threads",
    "1",
    "--respawn-failed-workers",
    "--http1-buffer-size",
    "32768",
]
WORKER = ["--quiet", "-A", "config", "worker", "--concurrency", "2", "--loglevel", "ERROR"]
WORKER += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
"""As in the Dockerfile and docker-compose.yml, of each process one."""


class Server(NamedTuple):
    port: int
    pid: int


class Stage:
    """A context: embedded servers with durable settings, a migrated database, and whatever is started on it.

    Entering it also makes the database the one of this process, so that rows can be made by the operations.
    """

    def __enter__(self) -> Self:
        self._undo = ExitStack()
        try:
            self._set_up()
        except BaseException:
            self._undo.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind and self.said.exists():
            sys.stderr.write(self.said.read_text(errors="replace")[-4_000:])
        self._undo.close()

    def _set_up(self) -> None:
        self.directory = self._make_directory()
        self.services = Services(self.directory, given={})
        self._servers = {process.name: process for process in self.services.processes()}
        self._guard = Guard(hold=[self._lock])
        self._undo.callback(self._guard.close)
        self._running: dict[str, Child] = {}
        for name in self._servers:
            self.boot(name)
        self.services.provision()
        with connect(self.services.admin_url) as admin:  # whole populations are copied: bench/copies.py
            owner = self.services.plan.owner
            admin.execute(f"GRANT SET ON PARAMETER session_replication_role TO {owner}")
        self.environment = {
            "DATABASE_URL": self.services.database_url,
            "DATABASE_OWNER_URL": self.services.owner_url,
            "REDIS_URL": self.services.redis_url,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LOG_LEVEL": "ERROR",
        }
        os.environ.update(self.environment)
        self._make_tables()
        import django

        django.setup()
        from recovery import tenancy

        tenancy.assume_every_clinic()
        self._undo.callback(hang_up)

    def _make_tables(self) -> None:
        command = [
            *(sys.executable, "manage.py", "migrate"),
            *("--database=owner", "--verbosity=0", "--skip-checks"),
        ]
        if tables := os.environ.get(size.TABLES):
            server = self.services.admin_url.rpartition("/")[0]
            command = [
                *(str(binaries.postgres() / "psql"), "-qX", "-1", "-v", "ON_ERROR_STOP=1", "-o", os.devnull),
                *("-f", tables, f"{server}/{self.services.plan.database}"),
            ]
        subprocess.run(command, cwd=ROOT, check=True)

    def _make_directory(self) -> Path:
        """Locked while we run, so that what a killed run left behind, many gigabytes perhaps, is known and removed."""
        for abandoned in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
            with suppress(place.NotOurs, OSError):
                if (abandoned / place.LOCK).exists():
                    place.forget(abandoned, patience_s=0)
        directory = Path(tempfile.mkdtemp(prefix=PREFIX))
        directory.chmod(0o711)
        self._lock = place.claim(directory)
        self._undo.callback(os.close, self._lock)
        self._undo.callback(shutil.rmtree, directory, ignore_errors=True)
        return directory

    # --- postgres and valkey, by name

    def boot(self, name: str) -> None:
        process = self._servers[name]
        process.before()
        with self.log.open("ab") as log:
            child = process.spawn(self._guard, output=log.fileno())
        self._running[name] = child
        self._undo.callback(self._end, name)
        wait_until(process.ready or (lambda: True), within_s=START_WITHIN_S, what=f"{name} to start")

    def pid(self, name: str) -> int:
        pid: int = self._running[name].pid
        return pid

    def freeze(self, name: str) -> None:
        """It keeps its connections and answers nothing."""
        os.kill(self.pid(name), signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        os.kill(self.pid(name), signal.SIGCONT)

    def kill(self, name: str) -> None:
        self._running.pop(name).kill()

    def _end(self, name: str) -> None:
        if name in self._running:
            self.thaw(name)
            self._running.pop(name).stop()

    @property
    def log(self) -> Path:
        """What PostgreSQL and Valkey say."""
        return self.directory / "services.log"

    @property
    def said(self) -> Path:
        """What the product's processes say; shown when a measurement fails."""
        return self.directory / "programs.log"

    def copy(self, database: str) -> dict[str, str]:
        """A second database with the rows that the first has now. Returns the variables that name it."""
        hang_up()
        plan, admin_url = replace(self.services.plan, database=database), self.services.admin_url
        with connect(admin_url) as admin:
            make_database(admin, plan, template=self.services.plan.database)
        return {"DATABASE_URL": plan.app_url(admin_url), "DATABASE_OWNER_URL": plan.owner_url(admin_url)}

    # --- the product's processes, each with its children in a group of its own

    def start(self, *argv: str, **environment: str) -> subprocess.Popen[bytes]:
        mine = os.environ | self.environment | environment
        with self.said.open("ab") as said:
            child = subprocess.Popen(
                argv, cwd=ROOT, env=mine, start_new_session=True, stdout=said, stderr=subprocess.STDOUT
            )
        self._guard.record(child.pid, signal.SIGTERM)
        self._undo.callback(self.stop, child)
        return child

    def stop(self, child: subprocess.Popen[bytes]) -> None:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGCONT)
            os.killpg(child.pid, signal.SIGTERM)
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                self.strike(child)
        self._guard.forget(child.pid)

    def strike(self, child: subprocess.Popen[bytes]) -> None:
        """`kill -9`, its children with it."""
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        with suppress(ChildProcessError):
            while True:
                os.waitpid(-child.pid, 0)
        self._guard.forget(child.pid)

    def serve(self, application: str = "config.wsgi:application", **environment: str) -> Server:
        """Start a WSGI application as production does, two one-thread workers; returns when it answers."""
        port = ports.free()
        at = ["--host", ports.HOST, "--port", str(port), "--log-level", "error", "--no-access-log"]
        child = self.start(sys.executable, "-m", "granian", *WEB, *at, application, **environment)

        def answers() -> bool:
            if child.poll() is not None:
                raise RuntimeError(f"{application} ended with status {child.returncode}")
            with suppress(OSError), socket.create_connection((ports.HOST, port), timeout=1):
                return True
            return False

        wait_until(answers, within_s=START_WITHIN_S, what=f"{application} to answer")
        return Server(port, child.pid)

    def worker(self, **environment: str) -> subprocess.Popen[bytes]:
        as_root = "ignore:You're running the worker with superuser privileges"
        return self.start(sys.executable, "-W", as_root, "-m", "celery", *WORKER, **environment)

    def watch(self, **environment: str) -> subprocess.Popen[bytes]:
        return self.start(sys.executable, "manage.py", "watch", **environment)


def hang_up() -> None:
    """Close this process's connections to the database."""
    from django.db import connections

    connections.close_all()


def wait_until(holds: Callable[[], bool], *, within_s: float, what: str, every_s: float = 0.1) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {within_s:g} s for {what}")
        time.sleep(every_s)
