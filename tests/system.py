"""The product as it runs: web, worker and watch as processes, on a database, a Valkey and a mailbox of their own.

For tests that kill, freeze and starve them. Each process can be treated alone, by name: web, worker, watch, valkey,
and postgres if the system was asked for one of its own (else it has its own database on the common server).
"""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP
from types import TracebackType

from services import ports
from services.children import ROOT, Child, Guard, environment
from services.embedded import Services
from services.process import Process
from tests import databases
from tests.mailbox import Mailbox
from tests.services_plugin import current
from tests.waiting import wait_until

BIN = Path(sys.executable).parent
PROGRAMS = ("web", "worker", "watch")


class System:
    """As a context manager: servers and mailbox are up, programs are not (see `start`); nothing is left afterwards."""

    def __init__(self, *, own_postgres: bool = False, **env: str) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix="system-", dir=current().directory))
        self._directory.chmod(0o711)
        self._own_postgres = own_postgres
        self._env = env
        self._children: dict[str, Child] = {}
        self.mailbox = Mailbox()
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
            sys.stderr.write("".join(f"--- {name}\n{self.said_by(name)}\n" for name in PROGRAMS))
        for name in reversed(list(self._children)):
            self.thaw(name)
            self._children.pop(name).kill()
        self._guard.close()
        self.mailbox.stop()
        if not self._own_postgres and hasattr(self, "_plan"):
            databases.drop(self._plan)
        shutil.rmtree(self._directory, ignore_errors=True)

    def _set_up(self) -> None:
        given = {} if self._own_postgres else {"DATABASE_URL": current().admin_url}
        services = Services(self._directory, given=given, for_tests=not self._own_postgres)
        self._servers = {process.name: process for process in services.processes()}
        self.mailbox.start()
        self.start(*self._servers)
        if self._own_postgres:
            services.provision()
            self._plan = services.plan
        else:
            self._plan = databases.make_clone(f"system_{worker_and_chance()}")
        self.database_url = self._plan.app_url(services.admin_url)
        self.owner_url = self._plan.owner_url(services.admin_url)
        self.redis_url = services.redis_url
        self.env = environment(
            **{
                "DATABASE_URL": self.database_url,
                "DATABASE_OWNER_URL": self.owner_url,
                "REDIS_URL": self.redis_url,
                "EMAIL_URL": self.mailbox.url,
                "BASE_URL": self.url,
                "DJANGO_SETTINGS_MODULE": "config.settings",
            }
            | self._env
        )
        if self._own_postgres:
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
            child.signal(SIGKILL)
            child.kill()

    def signal(self, name: str, number: int, *, main_only: bool = True) -> None:
        """Any signal, to the program itself or to its children as well."""
        child = self._children[name]
        child.signal(number) if main_only else child.signal_all(number)

    def freeze(self, *names: str) -> None:
        """They keep their connections and answer nothing."""
        self._signal_each(names, SIGSTOP)

    def thaw(self, *names: str) -> None:
        self._signal_each(names, SIGCONT)

    def pid(self, name: str) -> int:
        return self._children[name].pid

    def is_running(self, name: str) -> bool:
        return name in self._children and self._children[name].poll() is None

    def said_by(self, name: str) -> str:
        """All it has written since the system began, over restarts."""
        return self._log(name).read_text(errors="replace") if self._log(name).exists() else ""

    def manage(self, *arguments: str) -> str:
        """`manage.py ...` in this system; returns what it printed."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self.env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    # --- how

    def _program(self, name: str) -> Process:
        return Process(name, self._command(name), env=self.env)

    def _command(self, name: str) -> Sequence[str]:
        match name:
            case "web":
                at = ["--host", ports.HOST, "--port", str(self.port)]
                workers = ["--workers", "2", "--blocking-threads", "1", "--respawn-failed-workers"]
                return [
                    str(BIN / "granian"),
                    "--interface",
                    "wsgi",
                    "--no-ws",
                    *at,
                    *workers,
                    "config.wsgi:application",
                ]
            case "worker":
                quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "INFO"]
                return [str(BIN / "celery"), "-A", "config", "worker", "-P", "threads", "-c", "4", *quiet]
            case "watch":
                return [sys.executable, "manage.py", "watch"]
        raise ValueError(f"{name} is none of {PROGRAMS} and no server of this system")

    def _is_ready(self, process: Process, said_before: int) -> bool:
        child = self._children[process.name]
        assert child.poll() is None, f"{process.name} ended:\n{self.said_by(process.name)}"
        if process.ready:
            return process.ready()
        if process.name == "web":
            return self._answers()
        sign = {"worker": " ready.", "watch": "watching"}[process.name]
        return sign in self.said_by(process.name)[said_before:]

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/livez", timeout=5):
                return True
        except urllib.error.HTTPError as answer:
            answer.close()
            return True
        except OSError:
            return False

    def _log(self, name: str) -> Path:
        return self._directory / f"{name}.log"

    def _signal_each(self, names: Sequence[str], number: int) -> None:
        for name in names:
            for pid in self._group(name):
                with suppress(ProcessLookupError):  # one of its children ended meanwhile
                    os.kill(pid, number)

    def _group(self, name: str) -> list[int]:
        """The program and all that descend from it: PostgreSQL puts each of its processes into a group of its own."""
        if name not in self._children:
            return []
        found, todo = [], [self._children[name].pid]
        while todo:
            found.append(pid := todo.pop())
            with suppress(OSError):  # it ended meanwhile
                todo += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        return found


def worker_and_chance() -> str:
    return f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{secrets.token_hex(3)}"
