"""A phone as the tests use one: it signs in with its token and sends what it is told to, well-formed or not."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.test import Client

from recovery.models import DeviceToken
from tests.factories import ALL_CLEAR, at, reload_phone

CHECK_INS = "/api/v1/check-ins"
BATCH = "/api/v1/check-ins/batch"
ME = "/api/v1/me"
DEVICE = "/api/v1/me/device"
ALERTS = "/api/v1/alerts"


@dataclass
class Phone:
    token: str
    client: Client

    @property
    def device(self) -> DeviceToken:
        return reload_phone(self.token)

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers=self._headers(headers))

    def delete(self, path: str) -> Any:
        return self.client.delete(path, headers=self._headers({}))

    def post(
        self, path: str, body: Any, *, content_type: str | None = "application/json", **headers: str
    ) -> Any:
        return self._send("POST", path, body, content_type, headers)

    def put(
        self, path: str, body: Any, *, content_type: str | None = "application/json", **headers: str
    ) -> Any:
        return self._send("PUT", path, body, content_type, headers)

    def _send(
        self, method: str, path: str, body: Any, content_type: str | None, headers: dict[str, str]
    ) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.generic(
            method, path, raw, content_type=content_type or "", headers=self._headers(headers)
        )

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} | headers


def check_in(hours: float = 20, **changes: Any) -> dict[str, Any]:
    """A check-in as sent: all clear, but for the answers given here (those of `report` change the rest)."""
    return {
        "id": str(uuid4()),
        "observed_at": at(hours).isoformat(),
        "sent_at": at(hours).isoformat(),
        "status": "completed",
        "answered_by": "patient",
        "app_version": "test/1",
        "answers": ALL_CLEAR | changes,
    }


def correction(document: dict[str, Any], base_revision: int = 1, **changes: Any) -> dict[str, Any]:
    """The same check-in, corrected."""
    kept = {name: value for name, value in document.items() if name != "id"}
    return kept | {"base_revision": base_revision, "answers": document["answers"] | changes}
