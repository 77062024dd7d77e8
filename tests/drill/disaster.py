"""A disk is lost: what is left is a backup and the log since. With the scripts of deploy/postgres, as in production."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg

from services import account, binaries
from services.children import ROOT
from tests.system import System
from tests.waiting import wait_until

SCRIPTS = ROOT / "deploy" / "postgres"


class Refused(Exception):
    """By one of the scripts. The message is what it said."""


class OtherDisk:
    """What survives: backups, and the log since. `settings` make a PostgreSQL keep its log there, a piece every
    `keep_every_s` at least."""

    def __init__(self, place: Path, *, keep_every_s: int = 50) -> None:
        self.backups, self.log = place / "backups", place / "log"
        for each in (place, self.backups, self.log):
            each.mkdir(parents=True, exist_ok=True)
            each.chmod(0o711)
        keep = shutil.copy(SCRIPTS / "archive", place)  # PostgreSQL may run as somebody who cannot read ours
        account.for_postgres().hand_over(self.log)
        self.settings = {
            "archive_mode": "on",
            "archive_timeout": str(keep_every_s),
            "archive_command": f'{keep} "%p" %f {self.log}',
        }

    @property
    def pieces(self) -> list[Path]:
        """Of the log, oldest first."""
        return sorted(path for path in self.log.iterdir() if len(path.name) == 24)


def back_up(system: System, disk: OtherDisk) -> Path:
    """While everything runs. Raises Refused."""
    at = urlsplit(system.admin_url)
    who = {"PGHOST": str(at.hostname), "PGPORT": str(at.port), "PGUSER": str(at.username)}
    said = _script("backup", disk.backups, env=who | {"PGPASSWORD": unquote(str(at.password))})
    return Path(said.splitlines()[-1])


def catch_up(system: System, disk: OtherDisk) -> None:
    """The piece of the log that is being written is ended and kept, as it is by itself after a minute."""
    with psycopg.connect(system.admin_url, autocommit=True) as admin:
        row = admin.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()
    assert row
    wait_until(lambda: (disk.log / row[0]).exists(), why="the log is not kept")


def keep(piece: Path, name: str, disk: OtherDisk) -> None:
    """What PostgreSQL does with each piece of its log. Raises Refused."""
    _script("archive", piece, name, disk.log)


def copy_of(disk: OtherDisk, directory: Path) -> Path:
    """The log as the other disk has it now, were it while a piece arrives."""
    pieces = disk.pieces
    directory.mkdir(parents=True)
    for piece in pieces:  # the sum is there before the piece is
        for path in (piece, piece.with_name(f"{piece.name}.sha256")):
            shutil.copy2(path, directory)
    return directory


def lose_the_disk(system: System) -> None:
    system.kill("postgres")
    shutil.rmtree(data_of(system))


def restore(system: System, backup: Path, log: Path) -> str:
    """A new cluster where the old one was; not started yet. Raises Refused."""
    return _script("restore", backup, log, data_of(system))


def open_again(system: System) -> None:
    """Waits until it has read the log to its end and takes what is written."""
    system.start("postgres")
    wait_until(lambda: _takes_writes(system), within_s=120, why="the restored cluster does not open")


def data_of(system: System) -> Path:
    return system.directory / "postgres" / "data"


def _takes_writes(system: System) -> bool:
    try:
        with psycopg.connect(system.admin_url, autocommit=True, connect_timeout=5) as admin:
            return admin.execute("SELECT pg_is_in_recovery()").fetchone() == (False,)
    except psycopg.OperationalError:
        return False


def _script(name: str, *arguments: object, env: Mapping[str, str] = {}) -> str:
    path = f"{binaries.postgres()}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [SCRIPTS / name, *map(str, arguments)],
        env={"PATH": path, "LC_ALL": "C"} | dict(env),
        capture_output=True,
        text=True,
        timeout=600,
    )
    if done.returncode:
        raise Refused(done.stderr)
    return done.stdout
