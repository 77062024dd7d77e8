"""Pain in four numbers and as a course. What "previous" and "lowest" mean is defined once, by the clinical core."""

from collections.abc import Sequence
from dataclasses import dataclass

from recovery import assessments
from recovery.clinical import protocol as protocols
from recovery.clinical.facts import Case, Earlier
from recovery.clinical.facts import pain as facts
from recovery.dashboard.charts.pain import Chart, Mark, draw
from recovery.dashboard.screens.answerer import by_another
from recovery.dashboard.screens.place import Clock, place_of
from recovery.models import CheckIn, Episode

WIDTHS = (340, 720)
"""Units of the two drawings: for a phone and for a desk. The page shows one of them."""


@dataclass(frozen=True, slots=True)
class Score:
    label: str
    words: str
    known: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table that says what the drawing shows."""

    felt: str
    place: str
    phase: str
    score: str
    remark: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Pain:
    scores: list[Score]
    narrow: Chart
    wide: Chart
    lines: list[Line]


def pain_of(episode: Episode, check_ins: Sequence[CheckIn], *, marked: CheckIn | None, clock: Clock) -> Pain:
    """`check_ins` are all of the episode, oldest first; `marked` is the one that the alert is about."""
    counted = [row for row in check_ins if row.withdrawn_at is None]
    about = marked or next(iter(reversed(counted)), None)
    marks = [
        Mark(episode.hours_at(row.effective_at), row.pain, row.completed, about_it(row, marked))
        for row in counted
        if row.pain is not None
    ]
    baseline = (episode.baseline or {}).get("pain_now")
    narrow, wide = (
        draw(
            protocols.get(episode.protocol),
            marks,
            baseline=baseline,
            hours=episode.hours_at(clock.now),
            width=width,
        )
        for width in WIDTHS
    )
    return Pain(
        scores=_scores(episode, counted, about, is_marked=marked is not None),
        narrow=narrow,
        wide=wide,
        lines=[_line(row, episode, marked, clock) for row in reversed(check_ins)],
    )


def about_it(row: CheckIn, marked: CheckIn | None) -> bool:
    return marked is not None and row.pk == marked.pk


def _scores(
    episode: Episode, counted: Sequence[CheckIn], about: CheckIn | None, *, is_marked: bool
) -> list[Score]:
    """N, P, L and B of specification 2, at the report the alert is about (else the latest)."""
    procedure, protocol = assessments.procedure_of(episode), protocols.get(episode.protocol)
    if about is None:
        baseline = (episode.baseline or {}).get("pain_now")
        return [_score("Before the procedure", baseline)]
    reports = [assessments.report_of(row) for row in counted if row.pk != about.pk]
    case = Case.of(
        protocol,
        procedure,
        assessments.baseline_of(episode),
        [Earlier.of(report, procedure) for report in reports],
        assessments.report_of(about),
    )
    return [
        _score("In this report" if is_marked else "In the latest report", facts.pain(case)),
        _score("Last time (within 48 h)", facts.previous_pain(case)),
        _score("Lowest before that", facts.lowest_pain(case)),
        _score("Before the procedure", facts.baseline_pain(case)),
    ]


def _score(label: str, score: int | None) -> Score:
    return Score(label, _out_of_ten(score), score is not None)


def _out_of_ten(score: int | None) -> str:
    return "not known" if score is None else f"{score} of 10"


def _line(row: CheckIn, episode: Episode, marked: CheckIn | None, clock: Clock) -> Line:
    place = place_of(episode, row.effective_at)
    remarks = [
        words
        for words, holds in (
            ("this alert", about_it(row, marked)),
            ("taken back", row.withdrawn_at is not None),
            ("half-finished", not row.completed),
            (by_another(row), row.answered_by == CheckIn.AnsweredBy.CARER),
            ("clock wrong", row.clock_suspect),
        )
        if holds
    ]
    return Line(
        felt=clock.moment(row.effective_at),
        place=place.words,
        phase=place.phase,
        score=_out_of_ten(row.pain) if row.pain is not None else "no score",
        remark=_capital(", ".join(remarks)),
        marked=about_it(row, marked),
    )


def _capital(remark: str) -> str:
    """Names keep theirs."""
    return remark[:1].upper() + remark[1:]
