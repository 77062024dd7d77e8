"""What happens to a report that is refused: it is kept, what is valid in it is judged, and the patient is told."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from pydantic_core import PydanticCustomError

from recovery import assessments, quarantine, verdicts
from recovery.api.documents import Line
from recovery.api.fields import client_id, instant
from recovery.api.problems import Problem
from recovery.clinical import protocol as protocols
from recovery.clinical.answers import valid_part
from recovery.clinical.facts import Report
from recovery.clinical.tiers import Tier
from recovery.clinical.verdict import Verdict, tell_patient
from recovery.models import DeviceToken

NOT_KEPT = {"twin_in_progress", "cut_off"}
"""Refused for a moment only: the phone keeps the report and sends it again. A line that broke is no alarm."""

ASK_AGAIN = "We could not take this report as it came. Please do the check-in again, or call {team_phone}."
"""In place of the action for no finding: of a report that was not taken nobody can say that nothing was found."""

NOT_TAKEN_YET = (
    "Nobody has seen this report yet, it has to be sent again. If you are worried, call {team_phone}."
)
"""The same, of one that nobody has seen."""

V = TypeVar("V")


def keep(
    problem: Problem,
    *,
    device: DeviceToken,
    raw: bytes,
    document: Any,
    id_in_path: UUID | None,
    now: datetime,
) -> Verdict:
    """Keep a refused body, judged as far as it can be read. `document` is what could be read, None for nothing."""
    readable = isinstance(document, Mapping)
    sent: Mapping[str, Any] = document if readable else {}
    assessment = quarantine.keep(
        device=device,
        body=raw,
        code=problem.code,
        problems=[{"place": error.place, "code": error.code} for error in problem.errors],
        readable=readable,
        client_id=id_in_path or _if_valid(client_id, sent.get("id")),
        observed_at=_if_valid(instant, sent.get("observed_at")),
        answers=_valid_answers(sent, device),
        now=now,
    )
    return verdicts.for_patient(episode=device.episode, assessment=assessment)


def judge_unkept(document: Any, *, device: DeviceToken, now: datetime) -> Verdict:
    """The same without the database: nothing is kept, and no earlier report is known."""
    episode = device.episode
    verdict, failed_as = None, verdicts.NOT_READABLE
    if isinstance(document, Mapping):
        felt_at = _if_valid(instant, document.get("observed_at")) or now
        answers = _valid_answers(document, device)
        report = Report(observed_at=felt_at, answers=answers, received_at=now, completed=False)
        verdict, failed_as = (
            assessments.judge(episode=episode, report=report, earlier=[]),
            verdicts.NOT_JUDGED,
        )
    return tell_patient(
        verdict.findings if verdict else [verdicts.service_finding(failed_as, protocol=episode.protocol)],
        verdict.notes if verdict else [],
        protocols.get(episode.protocol),
        verdicts.numbers_of(episode.clinic),
    )


def tell(problem: Problem, told: Sequence[Verdict], *, device: DeviceToken, if_nothing: str) -> Problem:
    """The problem with what the patient is to be told: the worst of the verdicts first, each finding once.

    `if_nothing` stands in place of the action when nothing was found.
    """
    ordered = sorted(told, key=lambda verdict: -verdict.tier)
    worst = ordered[0]
    lines: dict[str, Line] = {}
    for line in (line for verdict in ordered for line in verdict.lines):
        lines.setdefault(line.rule, Line(rule=line.rule, text=line.text))
    asked = if_nothing.format(team_phone=device.episode.clinic.team_phone)
    problem.members |= {
        "urgency": worst.tier.code,
        "action": worst.action if worst.tier > Tier.NONE else asked,
        "lines": tuple(lines.values()),
        "footer": worst.footer,
    }
    return problem


def _valid_answers(sent: Mapping[str, Any], device: DeviceToken) -> dict[str, Any]:
    return valid_part(protocols.get(device.episode.protocol), sent.get("answers"))[0]


def _if_valid(read: Callable[[Any], V], value: Any) -> V | None:
    try:
        return read(value)
    except PydanticCustomError:
        return None
