"""The check-ins that were due, and what became of each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from recovery.clinical.protocol import Protocol
from recovery.clinical.timeline import Slot
from recovery.models import Episode

Pauses = Sequence[tuple[datetime, datetime | None]]
"""Times in which nobody expected a check-in: from, until (None while one lasts)."""


class Became(StrEnum):
    ANSWERED = "answered"
    HALF = "half"
    MISSED = "missed"
    PAUSED = "paused"
    OPEN = "open"
    LATER = "later"
    NOT_ASKED = "not-asked"


WORDS = {
    Became.ANSWERED: "answered",
    Became.HALF: "only half-finished",
    Became.MISSED: "missed",
    Became.PAUSED: "not expected: paused",
    Became.OPEN: "due now",
    Became.LATER: "due later",
    Became.NOT_ASKED: "not expected: ended",
}


@dataclass(frozen=True, slots=True)
class Felt:
    """When a check-in was felt, in hours after the procedure, and whether it was completed."""

    hours: float
    completed: bool


@dataclass(frozen=True, slots=True)
class Due:
    """One slot of the schedule, and what became of it by now."""

    slot: Slot
    opens_at: datetime
    closes_at: datetime
    became: Became

    @property
    def middle_at(self) -> datetime:
        """The instant the slot is named after: slot S7 is about day 7."""
        return self.opens_at + (self.closes_at - self.opens_at) / 2


def dues_of(
    episode: Episode, protocol: Protocol, felt: Iterable[Felt], pauses: Pauses, now: datetime
) -> list[Due]:
    reports = list(felt)
    dues = []
    for slot in protocol.slots:
        opens_at = episode.procedure_at + timedelta(hours=slot.open_h)
        closes_at = episode.procedure_at + timedelta(hours=slot.close_h)
        within = [report for report in reports if slot.open_h <= report.hours < slot.close_h]
        if any(report.completed for report in within):
            became = Became.ANSWERED
        elif episode.ended_at is not None and episode.ended_at < closes_at:
            became = Became.NOT_ASKED
        elif now < opens_at:
            became = Became.LATER
        elif is_paused(min(now, closes_at), pauses):
            became = Became.PAUSED
        elif now < closes_at:
            became = Became.OPEN
        else:
            became = Became.HALF if within else Became.MISSED
        dues.append(Due(slot, opens_at, closes_at, became))
    return dues


def missed_since(
    protocol: Protocol,
    procedure_at: datetime,
    last_completed_at: datetime | None,
    pauses: Pauses,
    now: datetime,
) -> list[Slot]:
    """Slots that are missed at this moment (specification 4): a later completed check-in clears older gaps."""

    def instant(hours: float) -> datetime:
        return procedure_at + timedelta(hours=hours)

    return [
        slot
        for slot in protocol.slots
        if instant(slot.close_h) <= now
        and (last_completed_at is None or last_completed_at < instant(slot.open_h))
        and not is_paused(instant(slot.close_h), pauses)
    ]


def is_paused(at: datetime, pauses: Pauses) -> bool:
    return any(start <= at and (until is None or at < until) for start, until in pauses)
