"""What the product needs around it, as addresses: PostgreSQL and Redis of our own, or those the environment names."""

import json
import os
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from services import account, ports, postgres, valkey
from services.children import Child, Guard
from services.process import Process
from services.provision import Plan, provision

READY_WITHIN_S = 60.0


class Services:
    """PostgreSQL and Valkey in the directory `var`, on ports and with passwords kept there (mode 0600).

    DATABASE_URL (an administrator's) and REDIS_URL in `given` put other servers in their place. Either give
    `processes()` to a Supervisor, or call `start` and `stop`. Call `provision` when PostgreSQL is ready.
    """

    def __init__(
        self,
        var: Path,
        *,
        given: Mapping[str, str] = os.environ,
        plan: Plan | None = None,
        for_tests: bool = False,
    ) -> None:
        self.var = var.resolve()
        self._given_database, self._given_redis = given.get("DATABASE_URL"), given.get("REDIS_URL")
        kept = _kept(self.var / "services.json")
        self.plan = replace(
            plan or Plan(), owner_password=kept["owner_password"], app_password=kept["app_password"]
        )
        more = tuple(postgres.FOR_TESTS.items()) if for_tests else ()
        self.postgres = None if self._given_database else postgres.Postgres(
            self.var / "postgres", kept["postgres_port"], kept["postgres_password"], more
        )  # fmt: skip
        self.valkey = None if self._given_redis else valkey.Valkey(
            self.var / "valkey", kept["valkey_port"], kept["valkey_password"]
        )  # fmt: skip
        self._running: list[Child] = []
        self._guard: Guard | None = None

    @property
    def admin_url(self) -> str:
        return self.postgres.url if self.postgres else str(self._given_database)

    @property
    def owner_url(self) -> str:
        return self.plan.owner_url(self.admin_url)

    @property
    def database_url(self) -> str:
        """As the application's role."""
        return self.plan.app_url(self.admin_url)

    @property
    def redis_url(self) -> str:
        return self.valkey.url if self.valkey else str(self._given_redis)

    def provision(self) -> None:
        """Roles and database; raises provision.NotUsable with a plain message if the server is not fit."""
        provision(self.admin_url, self.plan)

    def processes(self) -> list[Process]:
        """For a Supervisor: those of `postgres` and `valkey` that are ours."""
        found = []
        if self.postgres:
            found.append(
                Process(
                    "postgres",
                    self.postgres.argv,
                    env=self.postgres.env,
                    before=self.postgres.prepare,
                    ready=self.postgres.is_ready,
                    stop_with=self.postgres.stop_with,
                    account=account.for_postgres(),
                    patience_s=20.0,
                    quiet=True,
                )
            )
        if self.valkey:
            found.append(
                Process(
                    "valkey",
                    self.valkey.argv,
                    before=self.valkey.prepare,
                    ready=self.valkey.is_ready,
                    stop_with=self.valkey.stop_with,
                    quiet=True,
                )
            )
        return found

    def start(self) -> None:
        """Starts what is ours, without a supervisor, and waits until it answers. The caller must hold `var`."""
        self._guard = Guard()
        try:
            log = os.open(self.var / "services.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            processes = self.processes()
            for process in processes:
                process.before()
                self._running.append(process.spawn(self._guard, output=log))
            os.close(log)
            for process, child in zip(processes, self._running, strict=True):
                self._wait(process, child)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        for child in self._running:
            child.stop()
        self._running.clear()
        if self._guard:
            self._guard.close()
            self._guard = None

    def _wait(self, process: Process, child: Child) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while process.ready and not process.ready():
            if child.poll() is not None or time.monotonic() > deadline:
                log = (self.var / "services.log").read_text(errors="replace").splitlines()
                raise postgres.CannotStart("\n".join([f"{process.name} did not start:", *log[-20:]]))
            time.sleep(0.02)


def _kept(path: Path) -> dict[str, Any]:
    """Ports and passwords of this directory. Ports change if somebody else has taken them meanwhile."""
    path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    kept: dict[str, Any] = {}
    with suppress(FileNotFoundError, json.JSONDecodeError):
        kept = json.loads(path.read_text())
    for name in ("postgres_password", "owner_password", "app_password", "valkey_password"):
        kept.setdefault(name, secrets.token_urlsafe(24))
    for name in ("postgres_port", "valkey_port"):
        kept[name] = ports.free(kept.get(name))
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(kept, indent=2))
    fresh.replace(path)
    return kept
