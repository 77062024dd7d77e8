"""Facts about when: the hour of this check-in, and how late it came."""

from __future__ import annotations

from datetime import timedelta

from recovery.clinical.facts.case import Case
from recovery.clinical.facts.records import hours_between, in_utc
from recovery.clinical.facts.registry import Flag, Number, fact

FOREVER_H = 1_000_000.0


_SIGNED = Number(-FOREVER_H, FOREVER_H, "h", whole=False)


@fact(_SIGNED, "hours since the procedure", always=True)
def hours(case: Case) -> float:
    """H: hours from the end of the procedure to the instant this check-in was felt."""
    return case.hours


@fact(_SIGNED, "hours certainly passed since the procedure", always=True)
def hours_at_least(case: Case) -> float:
    """H, or hours since 23:59 local time when only the date of the procedure is known."""
    latest = case.procedure.latest_at
    return case.hours if latest is None else hours_between(latest, case.at)


@fact(_SIGNED, "hours since the planned restart of the blood thinner", always=True)
def hours_since_planned_restart(case: Case) -> float:
    """H minus R, where R is the planned restart in hours after the procedure, or what the setting assumes."""
    planned_h = case.procedure.blood_thinner_restart_h
    if planned_h is None:
        planned_h = case.protocol.settings["blood_thinner_restart_h"].number
    return hours_between(in_utc(case.procedure.at) + timedelta(hours=planned_h), case.at)


@fact(Number(0, FOREVER_H, "h", whole=False), "hours between feeling and arrival", always=True)
def hours_in_transit(case: Case) -> float:
    """Hours from `observed_at` to `received_at`; 0 when the phone's clock is not believed."""
    received_at = case.report.received_at
    if received_at is None or case.clock_suspect:
        return 0.0
    return max(0.0, hours_between(case.report.observed_at, received_at))


@fact(Flag(), "the check-in is completed", always=True)
def completed(case: Case) -> bool:
    """The patient finished the check-in; false for a half-finished one."""
    return case.report.completed
