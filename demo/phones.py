"""Simulated phones: what they say goes over the HTTP API, as it would from a real one."""

import http.client
import json
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from demo.diary import Deed, Note
from demo.world import Person

PATIENCE_S = 20.0
"""How long a phone tries again while the service does not answer (the web process may just be starting again)."""


class Refused(Exception):
    """The service refused what a phone has to be able to rely on."""


class Line:
    """One connection to the service, kept open; opened again when it breaks."""

    def __init__(self, base_url: str) -> None:
        self._host = urlsplit(base_url).netloc
        self._connection = http.client.HTTPConnection(self._host, timeout=10)

    def call(self, method: str, path: str, body: Any = None, token: str = "") -> tuple[int, Any]:
        """Status and document. A phone keeps what it has to say and says it again until it is heard."""
        headers = {"Content-Type": "application/json"} | (
            {"Authorization": f"Bearer {token}"} if token else {}
        )
        data = None if body is None else json.dumps(body).encode()
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                self._connection.request(method, path, body=data, headers=headers)
                response = self._connection.getresponse()
                answer = response.read()
                if response.status < 500 or time.monotonic() > deadline:
                    return response.status, json.loads(answer) if answer else None
            except (OSError, http.client.HTTPException):
                self._connection.close()
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.2)


class Phone:
    """The phone of one patient."""

    def __init__(self, line: Line, person: Person, now: Callable[[], datetime]) -> None:
        self.line, self.person, self.now = line, person, now
        self.token = ""

    def redeem(self, code: str) -> None:
        device = {"name": f"{self.person.name.split()[0]}'s phone", "platform": "demo"}
        status, answer = self.line.call("POST", "/api/v1/enrolments/redeem", {"code": code, "device": device})
        if status != 201:
            raise Refused(f"an enrolment code was refused with {status}")
        self.token = answer["device_token"]

    def look(self) -> None:
        """What the app shows when it is opened: where the patient stands, and what is asked now."""
        for path in ("/api/v1/me", "/api/v1/questionnaire"):
            status, _ = self.line.call("GET", path, token=self.token)
            if status != 200:
                raise Refused(f"{path} was refused with {status}")

    def do(self, deed: Deed) -> list[Any]:
        """What the service answers to each report. A refusal (422) is an answer too: the report is kept there."""
        match deed.verb:
            case "send":
                return [self._send(note) for note in deed.notes]
            case "send kept":
                body = {"check_ins": [self._report(note) for note in deed.notes]}
                _, answer = self._call("POST", "/api/v1/check-ins/batch", body)
                return [result["body"] for result in answer["results"]]
            case "correct":
                (note,) = deed.notes
                body = self._report(note) | {"base_revision": deed.base_revision}
                return [self._call("PUT", f"/api/v1/check-ins/{note.id}", body)[1]]
            case "withdraw":
                return [self._call("DELETE", f"/api/v1/check-ins/{note.id}")[1] for note in deed.notes]
        return []

    def _send(self, note: Note) -> Any:
        return self._call("POST", "/api/v1/check-ins", self._report(note))[1]

    def _report(self, note: Note) -> dict[str, Any]:
        zone = ZoneInfo(self.person.zone)
        return {
            "id": str(note.id),
            "observed_at": note.observed_at.astimezone(zone).isoformat(),
            "sent_at": self.now().astimezone(zone).isoformat(),
            "status": note.status,
            "answered_by": "carer" if note.by_carer else "patient",
            "app_version": note.app_version,
            "answers": dict(note.answers),
        } | dict(note.unknown)

    def _call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        status, answer = self.line.call(method, path, body, self.token)
        if status not in {200, 201, 204, 422}:
            raise Refused(f"{method} {path} was refused with {status}")
        return status, answer
