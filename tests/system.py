"""The product as it runs: web, worker and watch as processes, on a database, a Valkey and a provider of their own.

For tests that kill, freeze and starve them. Each process can be treated alone, by name: web, worker, watch (further
ones are called watch-2 and so on), valkey, and postgres if the system was asked for one of its own (else it has its own
database on the common server). Nothing in the product knows of this: all faults come from outside, by recorded pid.
"""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from http.client import HTTPException
from pathlib import Path
from signal import SIGKILL
from threading import Lock
from types import TracebackType
from typing import Any

import psycopg
from django.db import connections

from config import env as variables
from recovery import tenancy
from services import ports
from services.children import ROOT, Child, Guard, environment
from services.embedded import Services
from services.process import Process
from tests import databases, process_tree, segments
from tests.process_tree import Frozen
from tests.provider import Provider
from tests.services_plugin import current
from tests.waiting import wait_until

BIN = Path(sys.executable).parent
PROGRAMS = {
    "web": [
        *(
            str(BIN / "granian"),
            "--interface",
            "wsgi",
            "--no-ws",
            "--workers",
            "2",
            "--blocking-threads",
            "1",
        ),
        *("--respawn-failed-workers", "--workers-kill-timeout", "20", "--http1-buffer-size", "32768"),
        "config.wsgi:application",
    ],
    "worker": [
        *(str(BIN / "celery"), "-A", "config", "worker", "--concurrency", "2", "--loglevel", "INFO"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    ],
    "watch": [sys.executable, "manage.py", "watch"],
    "canary": [sys.executable, "manage.py", "canary"],
    "auditor": [sys.executable, "manage.py", "auditor"],
}
"""As docker-compose.yml has them."""

READY = {"worker": " ready.", "watch": "watching", "canary": "singing", "auditor": "auditing"}
"""What they say when they are."""


class System:
    """As a context manager: servers and provider are up, programs are not (see `start`); nothing is left afterwards.

    `postgres` are settings of the PostgreSQL of its own.
    """

    def __init__(self, *, own_postgres: bool = False, postgres: Mapping[str, str] = {}, **env: str) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="system-", dir=current().directory))
        self.directory.chmod(0o711)
        self._own_postgres = own_postgres or bool(postgres)
        # files in its own directory, where `kill -9` leaves nothing behind
        self._postgres_settings = {"dynamic_shared_memory_type": "mmap"} | dict(postgres)
        self._env = env
        self._children: dict[str, Child] = {}
        self._frozen: dict[str, Frozen] = {}
        self._line: psycopg.Connection | None = None
        self._asking = Lock()
        self.tree = ROOT
        """Where programs are started from: another release of the product may lie elsewhere."""
        self.provider = Provider()
        self.mailbox = self.provider.mail
        self.port = ports.free()
        self.url = f"http://{ports.HOST}:{self.port}"

    def __enter__(self) -> "System":
        self._guard = Guard()
        try:
            self._set_up()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error:
            logs = sorted(self.directory.glob("*.log"))
            sys.stderr.write("".join(f"--- {log.stem}\n{log.read_text(errors='replace')}\n" for log in logs))
        self.thaw(*self._frozen)
        if self._line is not None:
            self._line.close()
        for name in reversed(list(self._children)):
            self.kill(name)
        self._guard.close()
        self.provider.stop()
        if self._own_postgres:
            segments.remove_left_by(self.directory / "postgres" / "data")
        elif hasattr(self, "_plan"):
            databases.drop(self._plan)
        shutil.rmtree(self.directory, ignore_errors=True)

    def _set_up(self) -> None:
        given = {} if self._own_postgres else {"DATABASE_URL": current().admin_url}
        services = Services(self.directory, given=given)
        if services.postgres:
            settings = tuple(self._postgres_settings.items())
            services.postgres = replace(services.postgres, more_settings=settings)
        self._servers = {process.name: process for process in services.processes()}
        self.provider.start()
        self.start(*self._servers)
        if self._own_postgres:
            services.provision()
            self._plan = services.plan
        else:
            self._plan = databases.make_clone(f"system_{worker_and_chance()}")
        self.admin_url = databases.in_database(services.admin_url, self._plan.app_url(services.admin_url))
        self.database_url = self._plan.app_url(services.admin_url)
        self.owner_url = self._plan.owner_url(services.admin_url)
        self.redis_url = services.redis_url
        self.env = environment(
            **{
                "DATABASE_URL": self.database_url,
                "DATABASE_OWNER_URL": self.owner_url,
                "REDIS_URL": self.redis_url,
                "BASE_URL": self.url,
                "DJANGO_SETTINGS_MODULE": "config.settings",
            }
            | self.provider.env
            | self._env
        )
        self.env.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)  # of this process, once a browser was at work in it
        if self._own_postgres and not databases.fill(self.admin_url, self._plan):
            self.manage("migrate", "--database=owner", "--verbosity=0", "--skip-checks")

    # --- programs and servers, by name

    def start(self, *names: str) -> None:
        """Starts them in this order and waits until each is ready."""
        for name in names:
            assert name not in self._children, f"{name} runs already"
            process = self._servers.get(name) or self._program(name)
            process.before()
            said = len(self.said_by(name))
            with self._log(name).open("ab") as log:
                self._children[name] = process.spawn(self._guard, output=log.fileno())
            wait_until(partial(self._is_ready, process, said), within_s=60, why=f"{name} was never ready")

    def stop(self, *names: str) -> None:
        """Politely, and waits until they and their children are gone."""
        for name in names:
            self._children.pop(name).stop(patience_s=30)

    def kill(self, *names: str) -> None:
        """`kill -9` for the program itself; its children are left as the system leaves them, then cleared away."""
        for name in names:
            child = self._children.pop(name)
            below = process_tree.descendants(child.pid)
            child.signal(SIGKILL)
            child.kill()
            if name in self._frozen:
                self.thaw(name)
            # PostgreSQL's see for themselves that they are orphans
            wait_until(partial(_all_gone, below), why=f"children of {name} were left")

    def restore(self, *names: str) -> None:
        """Exactly these programs run, and all servers; nothing is frozen."""
        self.thaw(*self._frozen)
        self.revive()
        self.stop(*(self._children.keys() - self._servers.keys() - set(names)))
        self.start(*(name for name in (*self._servers, *names) if name not in self._children))

    def revive(self) -> None:
        """Start again what ended by itself, as docker compose and the demo's supervisor do."""
        for name in [name for name in self._children if not self.is_running(name)]:
            self._children.pop(name).kill()
            self.start(name)

    def restart(self, *names: str) -> None:
        """Politely, one after the other."""
        for name in names:
            self.stop(name)
            self.start(name)

    def signal(self, name: str, number: int) -> None:
        """Any signal, to the program itself."""
        self._children[name].signal(number)

    def wait_until_ended(self, name: str) -> None:
        """When it was told to, by a signal."""
        wait_until(lambda: not self.is_running(name), within_s=60, why=f"{name} did not end")
        self._children.pop(name).kill()

    def end(self, name: str, patience_s: float = 10.0) -> None:
        """The same, but what does not end is killed, as docker compose does after a grace period."""
        with suppress(AssertionError):
            wait_until(lambda: not self.is_running(name), within_s=patience_s)
        self.kill(name)

    def freeze(self, *names: str) -> None:
        """They keep their connections and answer nothing."""
        for name in names:
            self._frozen[name] = Frozen(self.pid(name))

    @contextmanager
    def frozen(self, *names: str) -> Generator[None]:
        self.freeze(*names)
        try:
            yield
        finally:
            self.thaw(*names)

    def thaw(self, *names: str) -> None:
        for name in names:
            self._frozen.pop(name).thaw()

    def pid(self, name: str) -> int:
        return self._children[name].pid

    def children(self, name: str) -> list[int]:
        """Its children now, as recorded by the kernel: the processes that serve requests, or work on tasks."""
        return process_tree.descendants(self.pid(name))

    def is_running(self, name: str) -> bool:
        return name in self._children and self._children[name].poll() is None

    def answers(self) -> bool:
        """The web processes, whatever they say."""
        try:
            with urllib.request.urlopen(f"{self.url}/livez", timeout=5):
                return True
        except urllib.error.HTTPError as answer:
            answer.close()
            return True
        except (OSError, HTTPException):
            return False

    def said_by(self, name: str) -> str:
        """All it has written since the system began, over restarts."""
        return self._log(name).read_text(errors="replace") if self._log(name).exists() else ""

    def last_words(self, lines: int = 30) -> list[tuple[str, str]]:
        """What each has written last, servers first: for the report of a test that failed."""
        names = sorted(
            (log.stem for log in self.directory.glob("*.log")), key=lambda name: name not in self._servers
        )
        return [(f"{name}.log", "\n".join(self.said_by(name).splitlines()[-lines:])) for name in names]

    def manage(self, *arguments: str) -> str:
        """`manage.py ...` in this system; returns what it printed."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=self.tree, env=self.env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    # --- what it has stored

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Over a connection that is kept for the next, and made anew where the server was killed meanwhile."""
        with self._asking:
            if self._line is not None:
                with suppress(psycopg.OperationalError):
                    return self._line.execute(query, parameters or None).fetchall()
                self._line.close()
            self._line = psycopg.connect(
                self.database_url, autocommit=True, connect_timeout=30, options=databases.EVERY_CLINIC
            )
            return self._line.execute(query, parameters or None).fetchall()

    @contextmanager
    def django(self) -> Generator[None]:
        """Within this, Django works on the system's database, in this process and as the product's role: to make
        patients, and to judge what became of them. Nothing that publishes: nudges would go to another broker."""
        usual, wrapper = connections.settings["default"], connections["default"]
        named = variables.database(self.database_url, name="DATABASE_URL")
        place = {part: named[part] for part in ("HOST", "PORT", "NAME", "USER", "PASSWORD")}
        connections.settings["default"] = usual | place
        connections["default"] = connections.create_connection("default")
        try:
            with tenancy.every_clinic():
                yield
        finally:
            connections["default"].close()
            connections.settings["default"], connections["default"] = usual, wrapper

    # --- how

    def _program(self, name: str) -> Process:
        command = [*self._from_its_tree(), *PROGRAMS[_kind(name)]]
        at = ["--host", ports.HOST, "--port", str(self.port)] if name == "web" else []
        return Process(name, [*command, *at], env=self.env)

    def _from_its_tree(self) -> list[str]:
        return [] if self.tree == ROOT else ["env", "-C", str(self.tree)]

    def _is_ready(self, process: Process, said_before: int) -> bool:
        child = self._children[process.name]
        assert child.poll() is None, f"{process.name} ended:\n{self.said_by(process.name)}"
        if process.ready:
            return process.ready()
        if process.name == "web":
            return self.answers()
        return READY[_kind(process.name)] in self.said_by(process.name)[said_before:]

    def _log(self, name: str) -> Path:
        return self.directory / f"{name}.log"


def _kind(name: str) -> str:
    return name.partition("-")[0]


def _all_gone(pids: list[int]) -> bool:
    return not any(process_tree.lives(pid) for pid in pids)


def worker_and_chance() -> str:
    return f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{secrets.token_hex(3)}"
