"""Ids as phones have them. Drawn at random no request would ever find what an earlier one has stored."""

from random import Random
from typing import Any
from uuid import UUID

from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.generation.meta import TestPhase

KEPT_AS_DRAWN = 0.15


class Habits:
    """A new report gets a new id; what comes after it is mostly about what was sent last, or about somebody else's."""

    def __init__(self, seed: int, others: list[str]) -> None:
        self.made: set[str] = set()
        """Ids that were given to reports, by the caller itself."""

        self._random = Random(seed)
        self._others = others
        self._revisions: dict[str, int] = {}

    def choose(self, case: Case) -> None:
        if case.meta is None or self._random.random() < KEPT_AS_DRAWN:
            return
        body = case.body if case.meta.generation.mode.is_positive and isinstance(case.body, dict) else None
        if "{client_id}" in case.path and not case.meta.is_negative_at(ParameterLocation.PATH):
            client_id = case.path_parameters["client_id"]
            if case.meta.phase.name != TestPhase.STATEFUL:  # there, the links say which
                client_id = case.path_parameters["client_id"] = self._client_id(client_id)
            if body is not None and case.method == "PUT":
                body |= {"base_revision": self._revisions.get(client_id, 1), "id": client_id}
        elif body is not None and case.method == "POST" and case.path.endswith("/check-ins"):
            body["id"] = str(UUID(int=self._random.getrandbits(128), version=4))

    def remember(self, case: Case, response: Response) -> None:
        if response.status_code not in {200, 201}:
            return
        answered: Any = response.json()
        if case.path.endswith(("/check-ins", "/{client_id}")) and "revision" in answered:
            self._revisions[answered["id"]] = answered["revision"]
            self.made |= set() if case.method == "GET" else {answered["id"]}
        if case.path.endswith("/batch"):
            self.made |= {result["body"]["id"] for result in answered["results"] if "id" in result["body"]}

    def _client_id(self, drawn: str) -> str:
        if self._others and self._random.random() < 0.3:
            return self._random.choice(self._others)
        return next(reversed(self._revisions), drawn)
