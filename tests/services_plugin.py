"""pytest plugin (`-p` in pyproject.toml, so that it runs before Django reads its settings).

Starts PostgreSQL and Valkey once per run, or takes the servers that DATABASE_URL (an administrator's) and REDIS_URL
name. Parallel workers inherit the addresses. Each worker has a database of its own, see databases.py.
"""

import json
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Generator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pytest

from services import place
from services.embedded import Services
from services.provision import Plan, connect, make_roles

HANDED_DOWN = "RECOVERY_TESTS"
PREFIX = "recovery-tests-"
NOT_INHERITED = (
    "RECOVERY_ENV",
    "DEMO_CLOCK",
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "ALLOWED_HOSTS",
    "BASE_URL",
    "EMAIL_URL",
    "MAIL_FROM",
)


@dataclass(frozen=True)
class Run:
    """What all workers of one run share."""

    admin_url: str
    redis_url: str
    plan: dict[str, str]
    directory: str
    name: str

    def plan_for(self, database: str) -> Plan:
        return Plan(**(self.plan | {"database": f"test_{self.name}_{database}"}))


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    if HANDED_DOWN not in os.environ and not _only_talks(early_config):
        _start(early_config)
    if HANDED_DOWN in os.environ:
        _tell_django(current())
    return (yield)


def current() -> Run:
    return Run(**json.loads(os.environ[HANDED_DOWN]))


def worker() -> str:
    """`main`, or `gw0`, `gw1` ... of pytest-xdist."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


def _only_talks(config: pytest.Config) -> bool:
    options = config.known_args_namespace
    return bool(options.version or options.help)


def _start(config: pytest.Config) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # to clear up then too
    directory = _make_directory(config)
    given = "DATABASE_URL" in os.environ
    name = secrets.token_hex(3)
    # On a server of somebody else's, other runs and a demo may have their roles too.
    plan = Plan(owner=f"test_{name}_owner", app=f"test_{name}_app") if given else Plan()
    services = Services(directory, plan=plan, for_tests=True)
    services.start()
    config.add_cleanup(services.stop)
    run = Run(services.admin_url, services.redis_url, asdict(services.plan), str(directory), name)
    with connect(run.admin_url) as admin:
        make_roles(admin, services.plan)
    if given:
        config.add_cleanup(lambda: _drop_databases(run))
    os.environ[HANDED_DOWN] = json.dumps(asdict(run))
    config.add_cleanup(lambda: os.environ.__delitem__(HANDED_DOWN))


def _make_directory(config: pytest.Config) -> Path:
    """Locked while we run, so that the directory of a run that was killed can be told and is removed by the next."""
    for abandoned in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(place.NotOurs, OSError):
            if (abandoned / place.LOCK).exists():
                place.forget(abandoned, patience_s=0)
    directory = Path(tempfile.mkdtemp(prefix=PREFIX))
    directory.chmod(0o711)
    lock = place.claim(directory)
    config.add_cleanup(lambda: os.close(lock))
    config.add_cleanup(lambda: shutil.rmtree(directory, ignore_errors=True))
    return directory


def _tell_django(run: Run) -> None:
    for name in NOT_INHERITED:
        os.environ.pop(name, None)
    plan = run.plan_for(worker())
    os.environ["DATABASE_URL"] = plan.app_url(run.admin_url)
    os.environ["DATABASE_OWNER_URL"] = plan.owner_url(run.admin_url)
    number = int(worker().removeprefix("gw")) + 1 if worker() != "main" else 0
    os.environ["REDIS_URL"] = f"{run.redis_url.rpartition('/')[0]}/{number}"
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"


def _drop_databases(run: Run) -> None:
    """On a server that is not ours to throw away."""
    from psycopg import sql

    with connect(run.admin_url) as admin:
        like = f"test\\_{run.name}\\_%"
        for (name,) in admin.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s", [like]
        ).fetchall():
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        plan = replace(Plan(), **run.plan)
        for role in (plan.app, plan.owner):
            admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))
