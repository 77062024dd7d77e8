"""Real servers for a measurement: PostgreSQL and Valkey of their own, the web server as in production."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

from services.embedded import Services

ROOT = Path(__file__).resolve().parent.parent
START_WITHIN_S = 60.0


class Stage:
    """A context: embedded servers with durable settings, a migrated database, and whatever is started on it.

    Entering it also makes the database the one of this process, so that rows can be made by the operations.
    """

    def __enter__(self) -> Self:
        self._directory = tempfile.TemporaryDirectory(prefix="recovery-bench-", ignore_cleanup_errors=True)
        self._children: list[subprocess.Popen[bytes]] = []
        Path(self._directory.name).chmod(0o711)
        self.services = Services(Path(self._directory.name), given={})
        self.services.start()
        self.services.provision()
        self.environment = {
            "DATABASE_URL": self.services.database_url,
            "DATABASE_OWNER_URL": self.services.owner_url,
            "REDIS_URL": self.services.redis_url,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LOG_LEVEL": "ERROR",
        }
        os.environ.update(self.environment)
        subprocess.run(
            [
                sys.executable,
                "manage.py",
                "migrate",
                "--database",
                "owner",
                "--verbosity",
                "0",
                "--skip-checks",
            ],
            cwd=ROOT,
            check=True,
        )
        import django

        django.setup()
        return self

    def __exit__(self, *_: object) -> None:
        from django.db import connections

        connections.close_all()
        for child in self._children:
            self.stop(child)
        self.services.stop()
        self._directory.cleanup()

    def start(self, *argv: str, **environment: str) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(
            argv, cwd=ROOT, env=os.environ | self.environment | environment, start_new_session=True
        )
        self._children.append(child)
        return child

    def stop(self, child: subprocess.Popen[bytes]) -> None:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGTERM)
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()

    def serve(self, application: str) -> int:
        """Start a WSGI application as production does, two one-thread workers; returns its port when it answers."""
        port = _free_port()
        self.start(
            sys.executable, "-m", "granian", "--interface", "wsgi", application, "--host", "127.0.0.1",
            "--port", str(port), "--workers", "2", "--blocking-threads", "1", "--no-access-log", "--log-level", "error",
        )  # fmt: skip
        deadline = time.monotonic() + START_WITHIN_S
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return port
            except OSError:
                time.sleep(0.1)
        raise TimeoutError(f"{application} did not answer within {START_WITHIN_S} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
