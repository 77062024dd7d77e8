"""What is known of an episode: the procedure, the baseline form, this check-in and the earlier ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from recovery.clinical.facts.temperature import Temperature, read_temperature

SYMPTOMS: Final = ("weakness", "numbness", "bladder", "bowel", "breathing")
"""The items with `same` and `new_or_worse`, which need earlier reports to be understood (6.3)."""

PLACE_OF: Final[Mapping[str, str]] = {"weakness": "weakness_where", "numbness": "numbness_where"}

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
"""How far a phone's clock may run ahead of the server's before its times are not believed (6.8)."""

Answers = Mapping[str, Any]
"""linkId -> code, list of codes, number, text or {value, unit}. Absent or None means not answered."""


@dataclass(frozen=True, slots=True)
class Procedure:
    """What was done, when, and to whom. `at` is time zero.

    When only the date is known, `at` is 00:00 local time of that date and `latest_at` 23:59: the
    restrictions (BANDAGE, IMMERSION, LIFTING, DRIVE) then count from `latest_at`.
    `blood_thinner_restart_h` is in hours after `at`; None when no plan was set.
    """

    kind: str
    at: datetime
    risk_factors: frozenset[str] = frozenset()
    blood_thinner_restart_h: float | None = None
    latest_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One check-in in its latest revision. `received_at` None means received at once."""

    observed_at: datetime
    answers: Answers
    received_at: datetime | None = None
    completed: bool = True
    id: str = ""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The form filled in before the procedure; the latest one by `observed_at`."""

    observed_at: datetime
    answers: Answers


@dataclass(frozen=True, slots=True)
class Earlier:
    """What judging needs of an earlier check-in, and no more. `at` is in UTC.

    `reported` holds the symptoms answered `new_or_worse`, each with the places it named: only that
    literal answer counts as a report, an earlier `same` does not (6.3).
    """

    at: datetime
    id: str
    completed: bool
    pain: int | None
    temperature: Temperature | None
    reported: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, report: Report, procedure: Procedure) -> Earlier:
        at, _ = effective_at(report.observed_at, report.received_at, procedure.at)
        answers = report.answers
        temperature, _ = read_temperature(answers.get("temp"))
        reported = {
            item: frozenset(answers.get(PLACE_OF.get(item, "")) or ())
            for item in SYMPTOMS
            if answers.get(item) == "new_or_worse"
        }
        return cls(at, report.id, report.completed, answers.get("pain_now"), temperature, reported)


def effective_at(
    observed_at: datetime, received_at: datetime | None, procedure_at: datetime
) -> tuple[datetime, bool]:
    """The instant to judge and order a check-in at, and whether its clock is suspect (6.8).

    A time more than five minutes after receipt, or before time zero, is not believed: the check-in
    then stands at the instant it was received. The instant is given in UTC.
    """
    observed_at = in_utc(observed_at)
    received_at = observed_at if received_at is None else in_utc(received_at)
    suspect = observed_at - received_at > CLOCK_TOLERANCE or observed_at < in_utc(procedure_at)
    return (received_at if suspect else observed_at), suspect


def in_utc(instant: datetime) -> datetime:
    """The same instant in UTC.

    Python subtracts, adds to and compares two datetimes of the same zone by their clock faces, which is
    wrong across a change of the clocks; in UTC there is none.
    """
    return instant if instant.tzinfo is UTC else instant.astimezone(UTC)


def hours_between(start: datetime, end: datetime) -> float:
    """Hours from one instant to another. Exact at whole hours, so half-open windows hold to the microsecond."""
    return (in_utc(end) - in_utc(start)).total_seconds() / 3600
