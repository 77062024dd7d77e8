"""What happens to a report that is refused: it is kept, what is valid in it is judged, and the patient is told."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from pydantic_core import PydanticCustomError

from recovery import quarantine, verdicts
from recovery.api.documents import Line
from recovery.api.fields import client_id, instant
from recovery.api.problems import Problem
from recovery.clinical import protocol as protocols
from recovery.clinical.answers import valid_part
from recovery.clinical.verdict import Verdict
from recovery.models import DeviceToken
from recovery.scanning import Flaw

NOT_KEPT = {"twin_in_progress", "cut_off"}
"""Refused for a moment only: the phone keeps the report and sends it again. A line that broke is no alarm."""

MOST_READINGS = 20
"""In how many ways a report is read in which answers were given twice."""

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Found:
    """What could be read of a report, with a Flaw where something could not; `whole` if that is all of it."""

    document: Mapping[str, Any]
    whole: bool = False


def keep(
    problem: Problem,
    *,
    device: DeviceToken,
    raw: bytes,
    found: Found,
    id_in_path: UUID | None = None,
    now: datetime,
) -> Verdict:
    """Keep a refused body, judged as far as it can be read. A phone that was signed out is told of no earlier report:
    what it sent now is all that the answer goes by."""
    assessment = quarantine.keep(
        device=device,
        body=raw,
        code=problem.code,
        problems=[{"place": error.place, "code": error.code} for error in problem.errors],
        readable=found.whole,
        client_id=id_in_path or _if_valid(client_id, found.document.get("id")),
        observed_at=_if_valid(instant, found.document.get("observed_at")),
        readings=_readings(found.document, device),
        same_as=_but_for_sending(found) if device.revoked_at is not None else None,
        now=now,
    )
    if device.revoked_at is not None:
        return judge_unkept(found, device=device, now=now)
    return verdicts.of_refused(episode=device.episode, assessment=assessment)


def judge_unkept(found: Found, *, device: DeviceToken, now: datetime) -> Verdict:
    """The same without the database: nothing is kept, and no earlier report is known."""
    assessment = quarantine.judged(
        episode=device.episode,
        readable=found.whole,
        observed_at=_if_valid(instant, found.document.get("observed_at")),
        readings=_readings(found.document, device),
        earlier=[],
        now=now,
    )
    return verdicts.of_refused(episode=device.episode, assessment=assessment, seen=False)


def tell(problem: Problem, told: Sequence[Verdict]) -> Problem:
    """The problem with what the patient is to be told: the worst of the verdicts first, each finding once."""
    ordered = sorted(told, key=lambda verdict: -verdict.tier)
    worst = ordered[0]
    lines: dict[str, Line] = {}
    for line in (line for verdict in ordered for line in verdict.lines):
        lines.setdefault(line.rule, Line(rule=line.rule, text=line.text))
    problem.members |= {
        "urgency": worst.tier.code,
        "action": worst.action,
        "lines": tuple(lines.values()),
        "footer": worst.footer,
    }
    return problem


def _but_for_sending(found: Found) -> bytes | None:
    """A phone that was signed out sends what it has again each time it is opened: only when it did so is new."""
    if not found.whole or not found.document:
        return None
    said = {name: value for name, value in found.document.items() if name != "sent_at"}
    return json.dumps(said, sort_keys=True).encode()


def _readings(document: Mapping[str, Any], device: DeviceToken) -> list[dict[str, Any]]:
    """The valid answers. Where a key was given twice nobody knows which is meant, so there is one reading with the
    first, one with the second, and so on: what any of them says is not lost."""
    protocol = protocols.get(device.episode.protocol)
    readings: list[dict[str, Any]] = []
    for answers in islice(_meanings(document.get("answers")), MOST_READINGS):
        valid = valid_part(protocol, answers)[0]
        if valid not in readings:
            readings.append(valid)
    return readings


def _meanings(answers: Any) -> Iterator[Any]:
    for meant in _given(answers):
        given = {name: _given(answer) for name, answer in meant.items()} if isinstance(meant, Mapping) else {}
        for turn in range(max(map(len, given.values()), default=1)):
            yield {name: values[min(turn, len(values) - 1)] for name, values in given.items()}


def _given(value: Any) -> list[Any]:
    """Every value that stands here: more than one under a key that was given twice."""
    return value.was if isinstance(value, Flaw) and value.code == "duplicate_key" else [value]


def _if_valid(read: Callable[[Any], V], value: Any) -> V | None:
    try:
        return read(value)
    except PydanticCustomError:
        return None
