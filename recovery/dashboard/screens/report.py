"""One check-in as the team reads it: when it was felt, sent and received, by whom, and what was odd about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from recovery.clinical.assessment import Finding
from recovery.clinical.protocol import Protocol
from recovery.dashboard.screens.answerer import answered_by, name_of
from recovery.dashboard.screens.answers import Page, cited_by, in_words, pages_of
from recovery.dashboard.screens.place import Clock, Place, place_of
from recovery.dashboard.wording import span
from recovery.models import CheckIn, CheckInRevision, Episode

LATE = timedelta(hours=1)
"""From this delay on the page says how late a report came. Whether it is a finding (LATE-ENTRY) the protocol says."""


@dataclass(frozen=True, slots=True)
class Report:
    place: Place
    felt: str
    sent: str
    received: str
    by: str
    remarks: list[str]
    changes: list[str]
    pages: list[Page]


def report_of(
    check_in: CheckIn, *, episode: Episode, protocol: Protocol, findings: Iterable[Finding], clock: Clock
) -> Report:
    return Report(
        place=place_of(episode, check_in.effective_at),
        felt=clock.moment(check_in.observed_at),
        sent=clock.moment(check_in.sent_at),
        received=clock.moment(check_in.received_at),
        by=answered_by(check_in),
        remarks=_remarks(check_in, clock),
        changes=_changes(check_in, protocol, clock),
        pages=pages_of(
            protocol,
            check_in.answers,
            hours=episode.hours_at(check_in.effective_at),
            cited=cited_by(findings),
        ),
    )


def _remarks(check_in: CheckIn, clock: Clock) -> list[str]:
    remarks = []
    delay = check_in.received_at - check_in.effective_at
    if check_in.withdrawn_at:
        who = "This report was taken back" if check_in.caregiver else "The patient took this report back"
        remarks.append(f"{who} at {clock.moment(check_in.withdrawn_at)}: entered in error.")
    if check_in.clock_suspect:
        remarks.append("The phone's clock was wrong. The report is judged at the time it was received.")
    if delay >= LATE:
        remarks.append(f"It arrived late: {span(delay)} after it was felt.")
    if not check_in.completed:
        remarks.append("Half-finished: what is not answered is not known, and is not “no”.")
    return remarks


def _changes(check_in: CheckIn, protocol: Protocol, clock: Clock) -> list[str]:
    """What each new revision changed, oldest first. A half-finished report that was finished is no correction."""
    lines = []
    revisions = sorted(check_in.revisions.all(), key=lambda earlier: earlier.revision)
    for earlier, later in pairwise([*revisions, check_in]):
        if not isinstance(earlier, CheckInRevision) or earlier.reason != CheckInRevision.Reason.CORRECTED:
            continue
        what = [
            f"{item.short}: {in_words(item, earlier.answers.get(name))} → {in_words(item, later.answers.get(name))}"
            for name, item in protocol.questionnaire.items.items()
            if earlier.answers.get(name) != later.answers.get(name)
        ]
        when = clock.moment(earlier.superseded_at)
        by = f" by {name_of(later)}" if later.caregiver else " by the patient" if earlier.caregiver else ""
        lines.append(f"Corrected at {when}{by}. " + ("; ".join(what) or "No answer changed") + ".")
    return lines
