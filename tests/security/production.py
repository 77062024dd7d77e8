"""The service as production has it: its settings, its web processes, and the proxy with TLS before them."""

import base64
import json
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.test import override_settings

from tests.faults.scene import Scene
from tests.security.proxy import NAME, Proxy, proxy, request, status_of
from tests.system import System

BASE_URL = f"https://{NAME}"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    """Names in small letters."""
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Production:
    system: System
    proxy: Proxy

    def ask(self, line: str, *headers: str, body: bytes = b"", host: str = NAME) -> Answer:
        """One request, through the proxy."""
        return read(self.proxy.talk(request(line, *headers, body=body, host=host)))

    def scene(self, **how: Any) -> Scene:
        """A patient with a phone, and her team, whose sessions are signed as this service signs."""
        with override_settings(SECRET_KEY=self.system.env["SECRET_KEY"]):
            return Scene.of(self.system, **how)


SESSION_COOKIE, CSRF_COOKIE = "__Host-sessionid", "__Host-csrftoken"


def read(answered: bytes) -> Answer:
    assert answered.count(b"HTTP/1.1 ") == 1, "one request has one answer"
    head, _, body = answered.partition(b"\r\n\r\n")
    fields = (line.partition(": ") for line in head.decode("latin-1").split("\r\n")[1:])
    headers = {name.lower(): value for name, _, value in fields}
    if headers.get("transfer-encoding") == "chunked":
        body = _joined(body)
    return Answer(status_of(answered), headers, body)


def _joined(chunks: bytes) -> bytes:
    whole = b""
    while chunks:
        size, _, chunks = chunks.partition(b"\r\n")
        whole, chunks = whole + chunks[: int(size, 16)], chunks[int(size, 16) + 2 :]
    return whole


def settings_of_production(**more: str) -> dict[str, str]:
    return {
        "RECOVERY_ENV": "production",
        "SECRET_KEY": base64.b64encode(secrets.token_bytes(48)).decode(),
        "ALLOWED_HOSTS": f"{NAME},127.0.0.1",
        "BASE_URL": BASE_URL,
        "TWILIO_API_URL": "https://127.0.0.1:1",  # no text message leaves in these tests
    } | more


@contextmanager
def production(**env: str) -> Generator[Production]:
    """With the web processes running. Where there is no nginx this cannot be."""
    with System(**settings_of_production(**env)) as system:
        system.env["STATIC_ROOT"] = str(system.directory / "static")
        system.manage("collectstatic", "--no-input", "--verbosity=0")
        system.start("web")
        with proxy(system.directory / "proxy", system.port) as before_it:
            yield Production(system, before_it)
