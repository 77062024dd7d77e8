"""The course of a recovery: one drawing, for a phone and for a desk, and the table that says the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from recovery.clinical import protocol as protocols
from recovery.clinical.tiers import Tier
from recovery.dashboard.charts.course import Drawing, Flag, Lines, Reading, Span, Window, draw
from recovery.dashboard.charts.course_signs import LegendMark, legend
from recovery.dashboard.charts.limits import fever_from, severe_from
from recovery.dashboard.screens.patient_reports import Said
from recovery.dashboard.screens.place import Clock, place_of
from recovery.dashboard.screens.slots import WORDS, Became, Due, Pauses
from recovery.dashboard.wording import hour
from recovery.models import Episode

WIDTHS = (340.0, 800.0)
LEAST_END_H = 72.0
RECENT_H = 14 * 24.0
"""How far the close look goes back."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An alert as the course shows it: at the instant it is about."""

    at: datetime
    tier: Tier
    name: str


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table. `kind`: check-in, missed or alert."""

    at: datetime
    kind: str
    when: str
    place: str
    phase: str
    pain: str
    temperature: str
    what: str


@dataclass(frozen=True, slots=True)
class Course:
    narrow: Drawing
    wide: Drawing
    lines: list[Line]
    legend: list[LegendMark]
    is_recent: bool
    has_recent: bool


def course_of(
    episode: Episode,
    said: Sequence[Said],
    alerts: Sequence[Opened],
    dues: Sequence[Due],
    *,
    recent: bool,
    clock: Clock,
) -> Course:
    """`recent`: a close look at the last two weeks, once there are more than that."""
    protocol = protocols.get(episode.protocol)
    risks = frozenset(episode.risk_factors)
    baseline = (episode.baseline or {}).get("pain_now")
    end_h = _end_h(episode, said, clock.now)
    has_recent = end_h > RECENT_H * 1.5
    span = _span(episode, end_h, evenly=recent and has_recent)
    narrow, wide = (
        draw(
            protocol,
            span,
            readings=[_reading(one) for one in reversed(said)],
            alerts=[Flag(episode.hours_at(alert.at), alert.tier, alert.name) for alert in alerts],
            windows=[_window(due) for due in dues],
            lines=Lines(baseline, severe_from(protocol, risks), fever_from(protocol, risks)),
            now_h=episode.hours_at(clock.now),
            width=width,
        )
        for width in WIDTHS
    )
    return Course(
        narrow=narrow,
        wide=wide,
        lines=_lines(episode, said, alerts, dues, clock),
        legend=legend(),
        is_recent=span.evenly,
        has_recent=has_recent,
    )


def pauses_of(episode: Episode) -> Pauses:
    return [(pause.from_at, pause.until_at) for pause in episode.pauses.all()]


def _end_h(episode: Episode, said: Sequence[Said], now: datetime) -> float:
    """Now, or the end of the recovery when that is over; and never before its last check-in."""
    until = min(now, episode.ended_at) if episode.ended_at else now
    return max([episode.hours_at(until), *(one.hours for one in said)])


def _span(episode: Episode, end_h: float, *, evenly: bool) -> Span:
    if evenly:
        return Span(end_h - RECENT_H, end_h, evenly=True)
    phases = protocols.get(episode.protocol).phases
    last = max(end_h, LEAST_END_H - 1)
    phase_end = next((phase.end_h for phase in phases if last < phase.end_h), last)
    return Span(0.0, phase_end)


def _reading(one: Said) -> Reading:
    row = one.check_in
    form = "plain"
    for name, holds in (
        ("late", one.is_late),
        ("corrected", one.is_corrected),
        ("withdrawn", not one.counts),
    ):
        form = name if holds else form
    degrees = None if row.temperature_c is None else float(row.temperature_c)
    return Reading(one.hours, row.pain, degrees, row.completed, form, ", ".join(one.remarks))


def _window(due: Due) -> Window:
    slot = due.slot
    words = f"Hours {slot.open_h:g} to {slot.close_h:g}: {WORDS[due.became]}"
    return Window(slot.open_h, slot.close_h, due.became, words)


def _lines(
    episode: Episode, said: Sequence[Said], alerts: Sequence[Opened], dues: Sequence[Due], clock: Clock
) -> list[Line]:
    """Check-ins, missed slots and alerts in one order, newest first."""

    def line(at: datetime, kind: str, what: str, pain: str = "", temperature: str = "") -> Line:
        place = place_of(episode, at)
        return Line(at, kind, clock.moment(at), place.words, place.phase, pain, temperature, what)

    lines = [
        line(
            one.check_in.effective_at,
            "check-in",
            _what(one),
            "–" if one.check_in.pain is None else str(one.check_in.pain),
            one.temperature or "–",
        )
        for one in said
    ]
    lines += [
        line(due.closes_at, "missed", _missed(due))
        for due in dues
        if due.became in (Became.MISSED, Became.HALF)
    ]
    for at, opened in groupby(sorted(alerts, key=lambda alert: alert.at), key=lambda alert: alert.at):
        names = [f"{alert.tier.label.lower()}, {alert.name}" for alert in opened]
        lines.append(line(at, "alert", f"{'Alert' if len(names) == 1 else 'Alerts'}: {'; '.join(names)}"))
    return sorted(lines, key=lambda line: line.at, reverse=True)


def _missed(due: Due) -> str:
    missed = "missed" if due.became is Became.MISSED else "only half-finished"
    return f"Check-in {missed}: it was due from hour {hour(due.slot.open_h)} to {hour(due.slot.close_h)}"


def _what(one: Said) -> str:
    found = f"{one.tier.label}: {one.found}" if one.findings else "Nothing found"
    remarks = ", ".join(one.remarks)
    return f"{found} ({remarks})" if remarks else found
