"""Everything that `make demo` keeps running, in order of readiness, and what it tells about it in var/demo.json."""

import http.client
import json
import os
import secrets
import sys
from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo import sign, telling
from services import place, ports
from services.children import environment
from services.embedded import Services
from services.process import Process
from services.provision import Plan
from services.supervisor import Supervisor

PLAN = Plan(database="recovery_demo", owner="recovery_demo_owner", app="recovery_demo_app")
"""Names of its own, so that a server given in DATABASE_URL may hold a real installation beside it."""

NAMES = {"valkey": "broker"}
"""How processes are called in demo.json, where they differ."""

METRICS_TOKEN = "shown-to-anybody-on-this-machine"
"""For `curl -H "Authorization: Bearer ..." http://127.0.0.1:8000/metrics` while the demo runs."""

STORY_S = 3600.0
AS_ROOT = "ignore:You're running the worker with superuser privileges"
"""In a container one is root; on a laptop nobody is warned of this twice."""


def _kept_key(path: Path) -> str:
    """That of earlier starts, under which it is sealed what people wrote then."""
    if not path.exists():
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
    return path.read_text()


class CannotRun(RuntimeError):
    """Says why, and what to do."""


@dataclass(frozen=True)
class Wishes:
    """What the command line asks for. `days` is how far back the story begins."""

    var: Path
    port: int = 8000
    seed: int = 1
    days: int = 43
    patients: int | None = None


def run(wishes: Wishes) -> int:
    """Until asked to stop. Returns the exit status."""
    try:
        lock = place.claim(wishes.var)
    except place.NotOurs as problem:
        raise CannotRun(str(problem)) from None
    if not ports.is_free(wishes.port):
        raise CannotRun(
            f"Port {wishes.port} is taken by another program. Choose one: PORT={wishes.port + 1} make demo"
        )
    return Demo(wishes, hold=lock).run()


class Demo:
    def __init__(self, wishes: Wishes, *, hold: int) -> None:
        self.wishes, self.var = wishes, wishes.var.resolve()
        self.services = Services(self.var, plan=PLAN)
        self.base_url = f"http://127.0.0.1:{wishes.port}"
        self.mail, self.mail_port = self.var / "mail", ports.free()
        self.sign = self.var / "demo.json"
        self.clock, self.told = self.var / "demo-clock", self.var / "demo-story.json"
        self.pids: Mapping[str, int] = {}
        self.story: dict[str, Any] = {}
        self.supervisor = Supervisor(on_change=self._changed, on_up=self._up, hold=[hold])

    def run(self) -> int:
        self.told.unlink(missing_ok=True)
        (self.var / "static").mkdir(exist_ok=True)
        self._write()
        try:
            return self.supervisor.run(self.processes())
        finally:
            self.sign.unlink(missing_ok=True)
            self.told.unlink(missing_ok=True)

    def processes(self) -> list[Process]:
        services = self.services.processes()
        database = [process.name for process in services if process.name == "postgres"]
        broker = [process.name for process in services if process.name == "valkey"]
        env = self._environment()
        python = sys.executable
        granian = ["--interface", "wsgi", "--host", ports.HOST, "--port", str(self.wishes.port)]
        granian += [
            "--workers",
            "2",
            "--blocking-threads",
            "1",
            "--respawn-failed-workers",
            "--http1-buffer-size",
            "32768",
            "--log-level",
            "warning",
        ]
        celery = ["worker", "--pool", "threads", "--concurrency", "4", "--loglevel", "WARNING"]
        celery += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        story = ["--clock", self.clock, "--base-url", self.base_url, "--mail", self.mail, "--out", self.told]
        story += ["--seed", self.wishes.seed]
        story += [] if self.wishes.patients is None else ["--patients", self.wishes.patients]
        return [
            *services,
            Process("sign", [python, "-I", "-S", sign.__file__, str(self.sign)]),
            Process(
                "mailbox",
                [python, "-m", "demo.mailbox", str(self.mail_port), str(self.mail)],
                ready=lambda: not ports.is_free(self.mail_port),
            ),
            Process(
                "prepare",
                [
                    python,
                    "-m",
                    "demo.prepare",
                    str(self.clock),
                    str(self.var / "tables"),
                    str(self.wishes.days),
                ],
                env=env | {"DATABASE_OWNER_URL": self.services.owner_url},
                before=self.services.provision,
                after=database,
                once=True,
                ready_within_s=180,
            ),
            Process(
                "web",
                [python, "-m", "granian", *granian, "config.wsgi:application"],
                env=env,
                after=["prepare"],
                ready=self._web_is_up,
            ),
            Process(
                "worker",
                [python, "-W", AS_ROOT, "-m", "celery", "--quiet", "-A", "config", *celery],
                env=env,
                after=["prepare", *broker, "mailbox"],
            ),
            Process(
                "watch",
                [python, "manage.py", "watch", "--every", "0.2"],
                env=env,
                after=["prepare", "mailbox"],
            ),
            Process(
                "story",
                [python, "-m", "demo.story", *map(str, story)],
                env=env,
                after=["web", "worker", "watch"],
                once=True,
                ready_within_s=STORY_S,
            ),
            # What the story does in a minute is a month of the clock's; from now on it is real time that is watched.
            Process("auditor", [python, "manage.py", "auditor"], env=env, after=["story"]),
            Process("canary", [python, "manage.py", "canary"], env=env, after=["story"]),
        ]

    def _environment(self) -> dict[str, str]:
        mine = environment(
            RECOVERY_ENV="development",
            DJANGO_SETTINGS_MODULE="config.settings",
            SECRET_KEY=_kept_key(self.var / "secret-key"),
            ALLOWED_HOSTS="localhost,127.0.0.1,[::1]",
            BASE_URL=self.base_url,
            DATABASE_URL=self.services.database_url,
            REDIS_URL=self.services.redis_url,
            EMAIL_URL=f"smtp://{ports.HOST}:{self.mail_port}",
            DEMO_CLOCK=str(self.clock),
            DEMO_SECOND_FACTOR=b32encode(secrets.token_bytes(20)).decode(),
            STATIC_ROOT=str(self.var / "static"),
            OPERATOR_MAIL="operator@demo.example",
            CANARY_MAIL="canary@demo.example",
            METRICS_TOKEN=METRICS_TOKEN,
            CELERY_SKIP_CHECKS="1",  # the worker needs the domain alone, not the web's half of the project
        )
        mine.pop("DATABASE_OWNER_URL", None)
        return {"LOG_LEVEL": "WARNING"} | mine

    def _web_is_up(self) -> bool:
        connection = http.client.HTTPConnection(ports.HOST, self.wishes.port, timeout=0.5)
        try:
            connection.request("GET", "/livez")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    # --- what is told

    def _changed(self, pids: Mapping[str, int]) -> None:
        self.pids = {NAMES.get(name, name): pid for name, pid in pids.items()}
        self._write()

    def _up(self) -> None:
        self.story = json.loads(self.told.read_text())
        self.told.unlink()
        self._write()
        self.supervisor.say(self._panel())

    def _write(self) -> None:
        telling.put_up(
            self.sign,
            {
                "ready": bool(self.story) and "sign" in self.pids,
                "base_url": self.base_url,
                "staff": self.story.get("staff", []),
                "overseers": self.story.get("overseers", []),
                "patients": self.story.get("patients", []),
                "newcomer": self.story.get("newcomer"),
                "helper": self.story.get("helper"),
                "processes": telling.processes(self.pids),
                "mail_dir": str(self.mail),
                "database_url": self.services.database_url,
                "redis_url": self.services.redis_url,
            },
        )

    def _panel(self) -> str:
        return telling.panel(self.story, base_url=self.base_url, mail=self.mail, sign=self.sign)
