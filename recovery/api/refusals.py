"""What happens to a report that is refused: it is kept, what is valid in it is judged, and the patient is told."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from pydantic_core import PydanticCustomError

from recovery import quarantine, verdicts
from recovery.api.documents import Line
from recovery.api.fields import client_id, instant
from recovery.api.problems import Problem
from recovery.clinical import protocol as protocols
from recovery.clinical.answers import valid_part
from recovery.clinical.tiers import Tier
from recovery.models import DeviceToken

NOT_KEPT = {"twin_in_progress", "cut_off"}
"""Refused for a moment only: the phone keeps the report and sends it again. A line that broke is no alarm."""

ASK_AGAIN = "We could not take this report as it came. Please do the check-in again, or call {team_phone}."
"""In place of the action for no finding: of a report that was not taken nobody can say that nothing was found."""

V = TypeVar("V")


def keep(
    problem: Problem,
    *,
    device: DeviceToken,
    raw: bytes,
    document: Any,
    id_in_path: UUID | None,
    now: datetime,
) -> Problem:
    """Keep the refused report. Returns the problem with what the patient is to be told.

    `document` is what could be read of it, None when nothing could.
    """
    if problem.code in NOT_KEPT:
        return problem
    readable = isinstance(document, Mapping)
    sent: Mapping[str, Any] = document if readable else {}
    answers, _ = valid_part(protocols.get(device.episode.protocol), sent.get("answers"))
    assessment = quarantine.keep(
        device=device,
        body=raw,
        code=problem.code,
        problems=[{"place": error.place, "code": error.code} for error in problem.errors],
        readable=readable,
        client_id=id_in_path or _if_valid(client_id, sent.get("id")),
        observed_at=_if_valid(instant, sent.get("observed_at")),
        answers=answers,
        now=now,
    )
    told = verdicts.for_patient(episode=device.episode, assessment=assessment)
    problem.members |= {
        "urgency": told.tier.code,
        "action": told.action if told.tier > Tier.NONE else _ask_again(device),
        "lines": tuple(Line(rule=line.rule, text=line.text) for line in told.lines),
        "footer": told.footer,
    }
    return problem


def _ask_again(device: DeviceToken) -> str:
    return ASK_AGAIN.format(team_phone=device.episode.clinic.team_phone)


def _if_valid(read: Callable[[Any], V], value: Any) -> V | None:
    try:
        return read(value)
    except PydanticCustomError:
        return None
