"""From the JSON of a case to what judging needs. Much may be left out; what is wrong is refused with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from recovery.clinical.answers import valid_baseline, valid_part
from recovery.clinical.cases.values import a_date, a_zone, an_instant, an_object, refuse
from recovery.clinical.facts import Baseline, Procedure, Report
from recovery.clinical.problems import Problem
from recovery.clinical.protocol import Protocol
from recovery.clinical.timeline import date_only_procedure, restart_h

# What stands beside the answers in a check-in or baseline of a case.
ENVELOPE = frozenset(
    {"id", "phase", "status", "observed_at", "received_at", "sent_at", "revision", "answered_by", "app_version",
     "protocol_version", "timezone", "time_zone", "title", "note"}
)  # fmt: skip
COMPLETED = {"completed": True, "amended": True, "in-progress": False, "stopped": False}
WITHDRAWN = "entered-in-error"


@dataclass(frozen=True, slots=True)
class Case:
    """What one judgement needs. Exactly one of `check_in` and `now` is given."""

    id: Any
    procedure: Procedure
    baseline: Baseline | None
    history: tuple[Report, ...]
    check_in: Report | None
    now: datetime | None
    pauses: tuple[tuple[datetime, datetime | None], ...]
    ended_at: datetime | None
    remarks: tuple[Problem, ...]


def parse(raw: Any, protocol: Protocol, place: str) -> Case:
    """Read one case. Raises CaseError for what makes it no case; invalid answers only become remarks."""
    case = an_object(raw, place)
    remarks: list[Problem] = []
    procedure = _procedure(an_object(case.get("procedure"), f"{place}.procedure"), f"{place}.procedure")
    baselines: list[tuple[datetime, str, int, Baseline]] = []
    reports: dict[object, tuple[int, Report]] = {}
    history = [] if case.get("history") is None else case["history"]
    if not isinstance(history, list):
        refuse(f"{place}.history", "is not a list")
    for index, item in enumerate(history):
        here = f"{place}.history[{index}]"
        entry = an_object(item, here)
        if entry.get("phase") == "baseline":
            form = _baseline(entry, protocol, here, remarks)
            baselines.append((form.observed_at, str(entry.get("id") or ""), index, form))
        elif entry.get("status") != WITHDRAWN:
            report = _report(entry, protocol, here, remarks)
            # A check-in stands once, in its latest revision.
            revision = _revision(entry, f"{here}.revision")
            key: object = report.id or index
            if key not in reports or reports[key][0] <= revision:
                reports[key] = (revision, report)
    check_in = None
    if case.get("check_in") is not None:
        here = f"{place}.check_in"
        check_in = _report(an_object(case["check_in"], here), protocol, here, remarks)
        reports.pop(check_in.id or None, None)
    now = None if check_in else an_instant(case.get("now"), f"{place}.now")
    return Case(
        id=case.get("id"),
        procedure=procedure,
        baseline=max(baselines)[-1] if baselines else None,
        history=tuple(report for _, report in reports.values()),
        check_in=check_in,
        now=now,
        pauses=tuple(_pauses(case.get("paused", case.get("pauses")), procedure.at, f"{place}.paused")),
        ended_at=_ended(case.get("ended", case.get("ended_at")), procedure.at, f"{place}.ended"),
        remarks=tuple(remarks),
    )


def _procedure(raw: Mapping[str, Any], place: str) -> Procedure:
    zone = a_zone(raw.get("timezone", raw.get("time_zone")), f"{place}.timezone")
    latest_at = None
    # With only a date, given as `date` or in the place of the instant, the time is estimated.
    on = raw.get("at") if a_date(raw.get("at")) else raw.get("date") if raw.get("at") is None else None
    if on is not None:
        day = a_date(on)
        if day is None:
            refuse(f"{place}.date", f"{on!r} is not a date")
        at, latest_at = date_only_procedure(day, zone or ZoneInfo("UTC"))
    else:
        at = an_instant(raw.get("at"), f"{place}.at")
    risks = [] if raw.get("risk_factors") is None else raw["risk_factors"]
    if not isinstance(risks, list) or not all(isinstance(risk, str) for risk in risks):
        refuse(f"{place}.risk_factors", "is not a list of words")
    kind = raw.get("type", raw.get("kind", ""))
    restart = _restart(raw, at, zone or at.tzinfo or ZoneInfo("UTC"), place)
    return Procedure(
        kind=str(kind),
        at=at,
        risk_factors=frozenset(risks),
        blood_thinner_restart_h=restart,
        latest_at=latest_at,
    )


def _restart(procedure: Mapping[str, Any], at: datetime, zone: tzinfo, place: str) -> float | None:
    """A number of hours, a date (which counts from 00:00 local) or an instant."""
    planned = procedure.get("blood_thinner_restart_h")
    if planned is None:
        return None
    if isinstance(planned, (int, float)) and not isinstance(planned, bool) and abs(planned) < 1e6:
        return float(planned)
    day = a_date(planned)
    return restart_h(
        at, day if day is not None else an_instant(planned, f"{place}.blood_thinner_restart_h"), zone
    )


def _baseline(raw: Mapping[str, Any], protocol: Protocol, place: str, remarks: list[Problem]) -> Baseline:
    answers, problems = valid_baseline(protocol, _answers(raw))
    remarks += _moved(problems, "baseline", place)
    return Baseline(an_instant(raw.get("observed_at"), f"{place}.observed_at"), answers)


def _report(raw: Mapping[str, Any], protocol: Protocol, place: str, remarks: list[Problem]) -> Report:
    answers, problems = valid_part(protocol, _answers(raw))
    remarks += _moved(problems, "answers", place)
    refused = any(
        problem.place.removeprefix("answers.") in protocol.questionnaire.items for problem in problems
    )
    # Not answered is not "completed": without a status a check-in is half-finished.
    status = "in-progress" if raw.get("status") is None else raw["status"]
    if not isinstance(status, str) or status not in COMPLETED:
        refuse(f"{place}.status", f"{status!r} is not one of {', '.join(COMPLETED)}")
    received_at = raw.get("received_at")
    identifier = raw.get("id")
    return Report(
        observed_at=an_instant(raw.get("observed_at"), f"{place}.observed_at"),
        answers=answers,
        received_at=None if received_at is None else an_instant(received_at, f"{place}.received_at"),
        completed=COMPLETED[status] and not refused,
        id="" if identifier is None else str(identifier),
    )


def _answers(raw: Mapping[str, Any]) -> dict[str, Any]:
    inner = raw.get("answers")
    beside = {key: value for key, value in raw.items() if key not in ENVELOPE and key != "answers"}
    return {**beside, **inner} if isinstance(inner, dict) else beside


def _moved(problems: list[Problem], prefix: str, place: str) -> Iterator[Problem]:
    for problem in problems:
        yield Problem(place + problem.place.removeprefix(prefix), problem.reason)


def _revision(raw: Mapping[str, Any], place: str) -> int:
    revision = raw.get("revision", 0)
    if type(revision) is not int:
        refuse(place, "is not a whole number")
    return revision


def _pauses(raw: Any, procedure_at: datetime, place: str) -> Iterator[tuple[datetime, datetime | None]]:
    """`true`, one pause, or a list of them; a pause is {from, until} or [from, until]."""
    if raw is None or raw is False or raw == []:
        return
    if raw is True:
        yield procedure_at, None
        return
    listed = raw if isinstance(raw, list) and not isinstance(raw[0], str) else [raw]
    for index, pause in enumerate(listed):
        here = f"{place}[{index}]"
        if isinstance(pause, dict):
            pause = [pause.get("from"), pause.get("until", pause.get("to"))]
        if not isinstance(pause, list) or len(pause) != 2:
            refuse(here, "is not a pause such as {from, until}")
        start, until = pause
        yield an_instant(start, f"{here}.from"), None if until is None else an_instant(until, f"{here}.until")


def _ended(raw: Any, procedure_at: datetime, place: str) -> datetime | None:
    if raw is None or raw is False:
        return None
    return procedure_at - timedelta(days=1) if raw is True else an_instant(raw, place)
