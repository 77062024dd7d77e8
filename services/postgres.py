"""A PostgreSQL 18 of our own, from a wheel: on loopback, behind a password."""

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from services import account, binaries, leftovers
from services.ports import HOST

SUPERUSER = "postgres"
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # A refused row would stand in the log with the patient's answers in it.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
FOR_TESTS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


class CannotStart(RuntimeError):
    """Says what PostgreSQL said."""


@dataclass(frozen=True)
class Postgres:
    home: Path
    """Everything it owns, in `data` below."""
    port: int
    password: str
    """Of the superuser."""
    more_settings: tuple[tuple[str, str], ...] = ()

    stop_with = signal.SIGINT  # fast: SIGTERM would wait for clients

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def url(self) -> str:
        """As superuser: to make roles and databases, never for the product (it would bypass row security)."""
        return f"postgresql://{SUPERUSER}:{self.password}@{HOST}:{self.port}/postgres"

    @property
    def argv(self) -> list[str]:
        settings = SETTINGS | {"port": str(self.port)} | dict(self.more_settings)
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(binaries.postgres() / "postgres"), "-D", str(self.data), *flags]

    def prepare(self) -> None:
        """Makes the cluster if there is none, and clears away what a killed run left. Idempotent."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        leftovers.clear(self.data / "postmaster.pid", belongs_to=self.data, stop_with=self.stop_with)
        if not self.data.exists():
            self._initdb()
        account.for_postgres().hand_over(self.home)

    def _initdb(self) -> None:
        """Into a directory of another name first: an interrupted initdb must not look like a cluster."""
        who = account.for_postgres()
        fresh, password_file = self.home / "data.new", self.home / "password"
        shutil.rmtree(fresh, ignore_errors=True)
        password_file.touch(mode=0o600)
        password_file.write_text(self.password)
        who.hand_over(self.home)
        # No libc or ICU locale is sure to exist; PostgreSQL's own C.UTF-8 lower-cases É and Ł as patient search needs.
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]
        access = [f"--username={SUPERUSER}", f"--pwfile={password_file}", "--auth=scram-sha-256"]
        sync = ["--no-sync"] if dict(self.more_settings).get("fsync") == "off" else []
        identity = {} if who.uid is None else {"user": who.uid, "group": who.uid, "extra_groups": []}
        done = subprocess.run(
            [*who.prefix, str(binaries.postgres() / "initdb"), "-D", str(fresh), *locale, *access, *sync],
            capture_output=True,
            text=True,
            env=self.env,
            cwd="/",
            **identity,  # type: ignore[call-overload]
        )
        password_file.unlink()
        if done.returncode != 0:
            hint = (
                ""
                if who.uid is None
                else f"\nIt ran as user id {who.uid}, which must be able to reach {self.home}."
            )
            raise CannotStart(f"initdb failed:\n{done.stdout}{done.stderr}{hint}")
        fresh.rename(self.data)

    @property
    def env(self) -> dict[str, str]:
        """Without what would redirect it (PGDATA, PGPORT ...) and with a locale that exists everywhere."""
        mine = {
            name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))
        }
        return mine | {"LC_ALL": "C"}

    def is_ready(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True
