"""Everything one judgement may look at, put in order once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from recovery.clinical.facts.records import (
    Baseline,
    Earlier,
    Procedure,
    Report,
    effective_at,
    hours_between,
)

if TYPE_CHECKING:
    from recovery.clinical.protocol.model import Protocol

_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Case:
    """A check-in with its past. `answers` holds lists as frozensets and leaves out what was not answered."""

    protocol: Protocol
    procedure: Procedure
    baseline: Mapping[str, Any]
    earlier: Sequence[Earlier]
    report: Report
    answers: Mapping[str, Any]
    at: datetime
    hours: float
    clock_suspect: bool

    @classmethod
    def of(
        cls,
        protocol: Protocol,
        procedure: Procedure,
        baseline: Baseline | None,
        history: Sequence[Earlier],
        report: Report,
    ) -> Case:
        """Keep of the history what is strictly earlier, ordered by instant and then by id."""
        at, suspect = effective_at(report.observed_at, report.received_at, procedure.at)
        earlier = sorted([e for e in history if e.at < at], key=_order)
        return cls(
            protocol=protocol,
            procedure=procedure,
            baseline=answered(baseline.answers) if baseline else _NOTHING,
            earlier=earlier,
            report=report,
            answers=answered(report.answers),
            at=at,
            hours=hours_between(procedure.at, at),
            clock_suspect=suspect,
        )


def answered(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that were given, lists as sets: order and repetition mean nothing."""
    return {
        key: frozenset(value) if isinstance(value, (list, tuple, set)) else value
        for key, value in answers.items()
        if value is not None
    }


_order = attrgetter("at", "id")
