"""Hours, phases and slots: where in the recovery an instant lies (specification sections 2 to 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from math import inf
from zoneinfo import ZoneInfo

from recovery.clinical.facts.records import hours_between, in_utc


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of the recovery, start_h <= H < end_h, with what is normal in it and what helps."""

    id: str
    name: str
    start_h: float
    end_h: float
    expect: str
    advice: str
    sources: tuple[str, ...]
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """A window in which a check-in is due, open_h <= H < close_h."""

    id: str
    open_h: float
    close_h: float


def phase_at(phases: Sequence[Phase], hours: float) -> Phase:
    """The phase of an hour; the first one before time zero, the last one after the end."""
    return next((phase for phase in phases if hours < phase.end_h), phases[-1])


def slot_at(slots: Sequence[Slot], hours: float) -> Slot | None:
    """The slot that is open at an hour."""
    return next((slot for slot in slots if slot.open_h <= hours < slot.close_h), None)


def next_slot(slots: Sequence[Slot], hours: float, reported_h: float | None = None) -> Slot | None:
    """The slot open at an hour, or else the next to open. One that the latest completed check-in
    fills is none of them."""
    filled_h = -inf if reported_h is None else reported_h
    return next((slot for slot in slots if hours < slot.close_h and filled_h < slot.open_h), None)


def due_h_after(slots: Sequence[Slot], hours: float | None) -> float | None:
    """The hour by which the next check-in is due, when the latest completed one was at `hours`.

    That is the close of the first slot it does not fill. None as argument means there is none yet.
    """
    for slot in slots:
        if hours is None or slot.open_h > hours:
            return slot.close_h
    return None


def day_number(procedure_at: datetime, at: datetime, zone: ZoneInfo) -> int:
    """Calendar days since the procedure in the patient's zone, for display only: day 0 is its date."""
    return (at.astimezone(zone).date() - procedure_at.astimezone(zone).date()).days


def date_only_procedure(on: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """`at` and `latest_at` of a procedure of which only the date is known: 00:00 and 23:59 local time."""
    return in_utc(datetime.combine(on, time(0, 0), zone)), in_utc(datetime.combine(on, time(23, 59), zone))


def restart_h(procedure_at: datetime, planned: date | datetime, zone: tzinfo) -> float:
    """Hours from time zero to a planned restart of the blood thinner; a date counts from 00:00 local."""
    if not isinstance(planned, datetime):
        planned = datetime.combine(planned, time(0, 0), zone)
    return hours_between(procedure_at, planned)
