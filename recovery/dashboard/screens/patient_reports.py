"""The check-ins of one recovery as its page tells them: what was said, what was found, and what was odd about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from recovery import access, verdicts
from recovery.clinical import protocol as protocols
from recovery.clinical.assessment import Finding
from recovery.clinical.tiers import Tier
from recovery.dashboard.screens.answerer import by_another
from recovery.dashboard.screens.answers import in_words
from recovery.dashboard.screens.finding import because
from recovery.dashboard.screens.place import Clock, Place, place_of
from recovery.dashboard.screens.report import LATE, Report, report_of
from recovery.models import Assessment, CheckIn, CheckInRevision, Episode, User

MOST = 400
"""Check-ins that the page draws and lists: twice a day for twelve weeks, and as many again."""


@dataclass(frozen=True, slots=True)
class Said:
    """One check-in with its verdict. `assessment` is None only for the moment before it is judged."""

    check_in: CheckIn
    hours: float
    assessment: Assessment | None
    findings: list[Finding]
    is_corrected: bool
    is_late: bool

    @property
    def tier(self) -> Tier:
        return max((finding.tier for finding in self.findings), default=Tier.NONE)

    @property
    def counts(self) -> bool:
        return self.check_in.withdrawn_at is None

    @property
    def anchor(self) -> str:
        return f"check-in-{self.check_in.client_id}"

    @property
    def temperature(self) -> str:
        """As it was entered, in the unit it was entered in; empty when there is none."""
        answer = self.check_in.answers.get("temp")
        item = protocols.get().questionnaire.items["temp"]
        return "" if answer is None else in_words(item, answer)

    @property
    def found(self) -> str:
        return ", ".join(finding.name for finding in self.findings)

    @property
    def remarks(self) -> list[str]:
        row = self.check_in
        return [
            words
            for words, holds in (
                ("taken back", not self.counts),
                ("half-finished", not row.completed),
                ("corrected", self.is_corrected),
                ("late", self.is_late),
                ("clock wrong", row.clock_suspect),
                (by_another(row), row.answered_by != CheckIn.AnsweredBy.PATIENT),
            )
            if holds
        ]


@dataclass(frozen=True, slots=True)
class Found:
    """A finding with its trace, as on the page of its alert."""

    name: str
    rule: str
    tier: Tier
    because: list[str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One check-in of the list, with everything about it."""

    id: UUID
    anchor: str
    felt: str
    place: Place
    pain: str
    temperature: str
    tier: Tier
    names: str
    found: list[Found]
    remarks: list[str]
    is_taken_back: bool
    report: Report
    judged: str
    protocol: str


def said_in(user: User, episode: Episode) -> tuple[list[Said], bool]:
    """The newest first, and whether there are older ones that are left out. Three queries, however many."""
    rows = list(
        access.with_answerers(access.check_ins(user).filter(episode=episode)).order_by(
            "-effective_at", "-client_id"
        )[: MOST + 1]
    )
    judged = {
        assessment.check_in_id: assessment
        for assessment in episode.assessments.filter(is_current=True, check_in__in=[row.pk for row in rows])
    }
    return [_said(row, episode, judged.get(row.pk)) for row in rows[:MOST]], len(rows) > MOST


def _said(row: CheckIn, episode: Episode, assessment: Assessment | None) -> Said:
    delay: timedelta = row.received_at - row.effective_at
    return Said(
        check_in=row,
        hours=episode.hours_at(row.effective_at),
        assessment=assessment,
        findings=verdicts.findings_of(assessment) if assessment else [],
        is_corrected=any(
            earlier.reason == CheckInRevision.Reason.CORRECTED for earlier in row.revisions.all()
        ),
        is_late=delay >= LATE,
    )


def entries_of(said: Sequence[Said], episode: Episode, clock: Clock) -> list[Entry]:
    return [_entry(one, episode, clock) for one in said]


def _entry(one: Said, episode: Episode, clock: Clock) -> Entry:
    row, assessment = one.check_in, one.assessment
    protocol = protocols.get(assessment.protocol if assessment else episode.protocol)
    return Entry(
        id=row.client_id,
        anchor=one.anchor,
        felt=clock.moment(row.effective_at),
        place=place_of(episode, row.effective_at),
        pain="no score" if row.pain is None else f"{row.pain} of 10",
        temperature=one.temperature or "no reading",
        tier=one.tier,
        names=one.found,
        found=[Found(f.name, f.rule, f.tier, because(f)) for f in one.findings],
        remarks=one.remarks,
        is_taken_back=not one.counts,
        report=report_of(row, episode=episode, protocol=protocol, findings=one.findings, clock=clock),
        judged=clock.moment(assessment.judged_at) if assessment else "",
        protocol=protocol.version,
    )
