"""The quieter lists beside the board: routine items, and reports that could not be read or judged."""

from dataclasses import dataclass

from recovery import access
from recovery.dashboard.screens.board import rows_of
from recovery.dashboard.screens.finding import SERVICE_RULES
from recovery.dashboard.screens.person import Number, Person, patient_number, person_of
from recovery.dashboard.screens.pulse import Outline
from recovery.dashboard.screens.row import Row
from recovery.dashboard.wording import counted
from recovery.models import Quarantine, User

MOST = 100
"""Rows on one page; the page says how many more there are."""


@dataclass(frozen=True, slots=True)
class Review:
    rows: list[Row]
    beyond: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A report that was refused, in words."""

    person: Person
    number: Number
    received: str
    what: str
    judged: str


@dataclass(frozen=True, slots=True)
class Reports:
    rows: list[Row]
    refused: list[Refused]
    beyond: int


def review(user: User, outline: Outline) -> Review:
    rows = rows_of(
        access.alerts(user).for_review()[:MOST],
        user=user,
        clinician_in=outline.clinician_in,
        clock=outline.clock,
    )
    return Review(rows, max(outline.counts.review - MOST, 0))


def reports(user: User, outline: Outline) -> Reports:
    unjudged = access.alerts(user).for_board().filter(rule__in=SERVICE_RULES)
    waiting = access.quarantine(user).filter(reviewed_at=None)
    newest = list(
        waiting.select_related("episode__patient", "episode__clinic", "assessment").order_by(
            "-received_at", "-id"
        )[:MOST]
    )
    return Reports(
        rows=rows_of(unjudged, user=user, clinician_in=outline.clinician_in, clock=outline.clock),
        refused=[_refused(kept, outline) for kept in newest],
        beyond=max(waiting.count() - MOST, 0),
    )


def _refused(kept: Quarantine, outline: Outline) -> Refused:
    clock = outline.clock
    return Refused(
        person=person_of(kept.episode, clock.now),
        number=patient_number(kept.episode),
        received=clock.moment(kept.received_at),
        what=_what(kept),
        judged=_judged(kept),
    )


def _what(kept: Quarantine) -> str:
    if not kept.readable:
        return "It could not be read at all."
    problems = len(kept.problems)
    return f"It could be read, but {counted(problems, 'part of it was', 'parts of it were')} not valid."


def _judged(kept: Quarantine) -> str:
    """What became of it: nothing that could be read went unjudged."""
    if not kept.readable:
        return "An alert was opened. Phone the patient and ask how they are."
    found = kept.assessment.findings
    if not found:
        return "Its valid answers were judged: nothing was found. Ask the patient to send it again."
    return "Its valid answers were judged: " + ", ".join(finding["name"] for finding in found) + "."
