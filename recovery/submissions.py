"""What a phone says, form-checked, before it is stored: the input of every check-in operation."""

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from recovery.clinical.facts import Report
from recovery.models import CheckIn


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One report as sent: `client_id` was made on the phone, `observed_at` and `sent_at` are its own times; `caregiver`
    is the key of the one whose phone it was, None for a phone of the patient's."""

    client_id: UUID
    observed_at: datetime
    sent_at: datetime
    completed: bool
    answered_by: str
    app_version: str
    answers: Mapping[str, Any] = field(repr=False)
    caregiver: int | None = None

    @property
    def status(self) -> str:
        return CheckIn.Status.COMPLETED if self.completed else CheckIn.Status.IN_PROGRESS

    @cached_property
    def given(self) -> dict[str, Any]:
        """The answers that were given. Null and absent are the same: not answered."""
        return {link_id: answer for link_id, answer in self.answers.items() if answer is not None}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of what the patient said. Key order, spacing, Unicode form and the time of sending do not count."""
        content = {
            "id": str(self.client_id),
            "observed_at": self.observed_at.astimezone(UTC).isoformat(),
            "status": self.status,
            "answered_by": self.answered_by,
            "answers": _canonical(self.given),
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def report(self, received_at: datetime) -> Report:
        return Report(
            observed_at=self.observed_at,
            answers=self.given,
            received_at=received_at,
            completed=self.completed,
            id=str(self.client_id),
        )


def _canonical(value: Any) -> Any:
    match value:
        case str():
            return unicodedata.normalize("NFC", value)
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {key: _canonical(item) for key, item in value.items()}
        case list() | tuple():
            return sorted((_canonical(item) for item in value), key=str)
        case _:
            return value
