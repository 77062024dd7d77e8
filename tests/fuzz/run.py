"""One run of schemathesis against a running system: as one caller, or as several who take turns."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any, cast

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.core.transport import Response
from schemathesis.engine import events, from_schema
from schemathesis.generation.case import Case
from schemathesis.generation.meta import TestPhase
from schemathesis.hooks import HookContext
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.specs.openapi.schemas import OpenApiSchema

from tests.fuzz import checks
from tests.fuzz.answers import Answer, wrong
from tests.fuzz.effort import SEED
from tests.fuzz.habits import Habits
from tests.fuzz.people import CAREGIVERS, PATIENTS, People
from tests.system import System

ALL_OF_COVERAGE = 3_000
"""With so many cases all that schemathesis enumerates is tried; with fewer, a share of it."""

SIGN_OFF = ["sign_off", "sign_out_phone"]
"""They may end the caller's own token, so they are left to a phone that does nothing else."""


@dataclass
class Outcome:
    """How each caller was answered, by operation; and whatever was wrong."""

    answers: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def answered(self, operation: str, caller: str) -> set[int]:
        return {status for who, label, status in self.answers if (who, label) == (caller, operation)}

    def all_answered(self, caller: str) -> set[int]:
        return {status for who, _, status in self.answers if who == caller}


class Run:
    def __init__(
        self, system: System, people: People, callers: tuple[str, ...], *, cases: int, directory: Path
    ) -> None:
        self._system, self._people, self._callers = system, people, callers
        self._cases, self._directory = cases, directory
        self._turns = cycle(callers)
        self._callers_of: dict[str, str] = {}
        others = [each for name in PATIENTS if name not in callers for each in people.ids[name]]
        self._habits = Habits(SEED, others)
        self._are_caregivers = set(callers) <= set(CAREGIVERS)

    def go(self) -> Outcome:
        global _current
        _current = self
        outcome = Outcome()
        for event in from_schema(self._schema()).execute():
            match event:
                case events.ScenarioFinished():
                    outcome.faults += _failed(event)
                    self._look_at_answers(event, outcome)
                case events.NonFatalError():
                    outcome.faults.append(f"{event.label}: {event.info.title}: {event.info.message}")
                case events.FatalError():
                    raise event.exception
        return outcome

    def before_call(self, case: Case) -> None:
        self._habits.choose(case)
        if len(self._callers) > 1 and case.id not in self._callers_of:
            caller = self._callers_of[case.id] = next(self._turns)
            case.headers.update(self._people.headers[caller])

    def after_call(self, case: Case, response: Response) -> None:
        self._habits.remember(case, response)

    def _schema(self) -> OpenApiSchema:
        schema = schemathesis.openapi.from_url(f"{self._system.url}/api/v1/schema", config=self._config())
        schema.hooks.hook("filter_failure")(_counts)
        random, share = Random(SEED), self._cases / ALL_OF_COVERAGE

        def is_tried(context: HookContext, case: Case) -> bool:
            return case.meta is None or case.meta.phase.name != TestPhase.COVERAGE or random.random() < share

        schema.hooks.hook("filter_case")(is_tried)
        leaving = self._callers == ("leaving",)
        chosen = schema.include if leaving else schema.exclude
        return cast(OpenApiSchema, chosen(operation_id=SIGN_OFF))

    def _config(self) -> SchemathesisConfig:
        config: dict[str, Any] = {
            "seed": SEED,
            "base-url": self._system.url,
            "request-timeout": 10,
            "continue-on-failure": True,
            "cache": {"enabled": False},
            "warnings": False,
            "output": {"truncation": {"max-recorded-payload-size": 0}},
            "generation": {
                "max-examples": max(2, self._cases // 30),
                "database": "none",
                "no-shrink": True,
                "with-security-parameters": len(self._callers) == 1,
            },
            "phases": {"stateful": {"enabled": self._callers != ("leaving",)}},
            "checks": (checks.OF_CAREGIVERS if self._are_caregivers else checks.EXPECTED)
            | checks.switched_off(),
        }
        if len(self._callers) == 1:
            config["auth"] = {"wfc": self._auth(self._callers[0])}
        return SchemathesisConfig.from_dict(config)

    def _auth(self, caller: str) -> dict[str, Any]:
        """Who else there is matters to patients: what one has, schemathesis asks for as the other."""
        names = sorted({caller, *(PATIENTS if caller in PATIENTS else ())})
        headers = {
            name: [{"name": key, "value": value} for key, value in self._people.headers[name].items()]
            for name in names
        }
        document = self._directory / "callers.json"
        document.write_text(
            json.dumps({"auth": [{"name": name, "fixedHeaders": headers[name]} for name in names]})
        )
        return {"path": str(document), "user": caller} | ({"peers": names} if len(names) > 1 else {})

    def _look_at_answers(self, event: events.ScenarioFinished, outcome: Outcome) -> None:
        for case_id, interaction in event.recorder.interactions.items():
            case, response = event.recorder.cases[case_id].value, interaction.response
            if response is None:
                outcome.faults.append(f"{case.operation.label}: no answer")
                continue
            caller = self._callers_of.get(case_id) or case.auth_identity or self._callers[0]
            outcome.answers[caller, case.operation.label, response.status_code] += 1
            headers = {name.lower(): values[0] for name, values in response.headers.items()}
            request = interaction.request
            answer = Answer(request.method, request.uri, response.status_code, headers, response.content)
            is_closed = response.status_code == 403 and checks.NOT_SHARED.encode() in response.content
            if is_closed and not self._are_caregivers:
                outcome.faults.append(f"{caller}: {request.method} {request.uri}: refused as a caregiver")
            for what in wrong(answer, caller, self._people, made=self._habits.made):
                outcome.faults.append(f"{caller}: {request.method} {request.uri}: {what}")


_current: Run | None = None


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    if _current:
        _current.before_call(case)


@schemathesis.hook
def after_call(context: HookContext, case: Case, response: Response) -> None:
    if _current:
        _current.after_call(case, response)


def _counts(context: HookContext, failure: Failure, case: Case, response: Response) -> bool:
    """Whether a failure is one."""
    return not (isinstance(failure, RejectedPositiveData) and checks.excuses(response.json(), case.body))


def _failed(event: events.ScenarioFinished) -> Iterator[str]:
    """Each check that failed, with the call that shows it."""
    for case_id, nodes in event.recorder.checks.items():
        for node in nodes:
            if node.failure_info is not None:
                failure, response = node.failure_info.failure, event.recorder.interactions[case_id].response
                body = response.content[:500] if response else b""
                call = node.failure_info.code_sample
                yield f"{failure.operation}: {node.name}: {failure.message}\n{call}\n{body!r}"
