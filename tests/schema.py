"""The tables that the migrations make, as PostgreSQL writes them down: read again in half a second, where the
migrations take a quarter of a minute. For the servers that a test has to itself, and kept for the next run.

A run in CI keeps and reads nothing: the migrations are run there each time.
"""

import hashlib
import os
import subprocess
from pathlib import Path

from services import binaries
from services.children import ROOT

KEPT = ROOT / ".pytest_cache" / "schema"
KEPT_AT_MOST = 8
MADE_OF = (
    "recovery/migrations/**/*.py",
    "recovery/clinical/**/*.py",
    "config/*.py",
    "services/*.py",
    "requirements.txt",
)
"""All that a migration reads (tests/house/test_databases.py): other contents, other tables."""


def write(url: str, path: Path) -> None:
    """As an administrator, of a database whose tables are all there."""
    fresh = path.with_suffix(f".{os.getpid()}")
    _run("pg_dump", "--file", str(fresh), url)
    fresh.replace(path)


def read(url: str, path: Path) -> None:
    """As an administrator, into an empty database of a server with the same two roles."""
    _run("psql", "-qX", "-1", "-v", "ON_ERROR_STOP=1", "-o", os.devnull, "-f", str(path), url)


def kept() -> Path | None:
    """Where the tables of these migrations are kept from run to run, or will be."""
    if os.environ.get("CI"):
        return None
    files = sorted({path for pattern in MADE_OF for path in ROOT.glob(pattern)})
    contents = hashlib.sha256()
    for path in files:
        contents.update(f"{path.relative_to(ROOT)}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return KEPT / f"{contents.hexdigest()}.sql"


def keep(url: str) -> None:
    path = kept()
    if path is None:
        return
    KEPT.mkdir(parents=True, exist_ok=True)
    write(url, path)
    by_age = sorted(KEPT.glob("*.sql"), key=lambda each: each.stat().st_mtime, reverse=True)
    for old in by_age[KEPT_AT_MOST:]:
        old.unlink(missing_ok=True)


def _run(program: str, *arguments: str) -> None:
    command = [str(binaries.postgres() / program), *arguments]
    env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{program} failed:\n{done.stderr}")
