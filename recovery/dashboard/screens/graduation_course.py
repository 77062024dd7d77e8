"""The course of a recovery in a few lines, and week by week."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from recovery.clinical.tiers import Tier
from recovery.clinical.timeline import day_number
from recovery.dashboard.screens.course import Opened, pauses_of
from recovery.dashboard.screens.patient_about import Fact
from recovery.dashboard.screens.patient_reports import Said
from recovery.dashboard.screens.place import Clock, place_of
from recovery.dashboard.screens.slots import Became, Due
from recovery.models import Episode

ASKED = (Became.ANSWERED, Became.HALF, Became.MISSED)
"""Check-ins that were due and of which it is decided what became of them."""


@dataclass(frozen=True, slots=True)
class WeekLine:
    """One week of the recovery in a row of a table."""

    number: int
    days: str
    answered: str
    pain: str
    temperature: str
    alerts: str


def facts_of(episode: Episode, counting: Sequence[Said], dues: Sequence[Due], clock: Clock) -> list[Fact]:
    """The course in a few lines. `counting`: newest first, without what was taken back."""
    became = [due.became for due in dues]
    asked = sum(one in ASKED for one in became)
    answered = f"{became.count(Became.ANSWERED)} of {asked} that were due"
    if paused := became.count(Became.PAUSED):
        answered += f"; {paused} not expected while paused"
    facts = [
        Fact("Check-ins answered", answered, bool(asked)),
        Fact("Reports received", str(len(counting)), bool(counting)),
    ]
    before = (episode.baseline or {}).get("pain_now")
    facts.append(
        Fact("Pain before", "not recorded" if before is None else f"{before} of 10", before is not None)
    )
    scored = [one for one in counting if one.check_in.pain is not None]
    if scored:
        worst = max(scored, key=lambda one: (one.check_in.pain, one.hours))
        facts += [
            Fact("First pain score", _scored(scored[-1], episode)),
            Fact("Worst pain score", _scored(worst, episode)),
            Fact("Last pain score", _scored(scored[0], episode)),
        ]
    else:
        facts.append(Fact("Pain scores", "none", known=False))
    warm = [one for one in counting if one.check_in.temperature_c is not None]
    if warm:
        highest = max(warm, key=lambda one: (one.check_in.temperature_c, one.hours))
        facts.append(Fact("Highest temperature", f"{highest.temperature}, {_day(highest, episode)}"))
    else:
        facts.append(Fact("Temperature", "never measured", known=False))
    for start, until in pauses_of(episode):
        ended = f"to {clock.moment(until)}" if until else "and still"
        facts.append(Fact("Paused", f"from {clock.moment(start)} {ended}"))
    return facts


def _scored(one: Said, episode: Episode) -> str:
    return f"{one.check_in.pain} of 10, {_day(one, episode)}"


def _day(one: Said, episode: Episode) -> str:
    return f"day {place_of(episode, one.check_in.effective_at).day}"


def weeks_of(
    episode: Episode, counting: Sequence[Said], dues: Sequence[Due], opened: Sequence[Opened], now: datetime
) -> list[WeekLine]:
    """From the week of the procedure to the last in which anything was due or came."""
    week = _week_of(episode)
    until = min(now, episode.ended_at) if episode.ended_at else now
    last = max([week(until), *(week(one.check_in.effective_at) for one in counting)])
    return [
        _week(
            number,
            said=[one for one in counting if week(one.check_in.effective_at) == number],
            dues=[due for due in dues if due.became in ASKED and week(due.middle_at) == number],
            opened=[alert for alert in opened if week(alert.at) == number],
        )
        for number in range(1, last + 1)
    ]


def _week_of(episode: Episode) -> Callable[[datetime], int]:
    """Week 1 are days 0 to 6, by the patient's own calendar."""
    zone = ZoneInfo(episode.time_zone)
    return lambda at: max(day_number(episode.procedure_at, at, zone), 0) // 7 + 1


def _week(number: int, said: Sequence[Said], dues: Sequence[Due], opened: Sequence[Opened]) -> WeekLine:
    pains = [one.check_in.pain for one in said if one.check_in.pain is not None]
    warm = [one for one in said if one.check_in.temperature_c is not None]
    warmest = max(warm, key=lambda one: one.check_in.temperature_c) if warm else None
    answered = sum(due.became is Became.ANSWERED for due in dues)
    by_tier = {tier: sum(alert.tier == tier for alert in opened) for tier in sorted(Tier, reverse=True)}
    return WeekLine(
        number=number,
        days=f"{number * 7 - 7} to {number * 7 - 1}",
        answered=f"{answered} of {len(dues)}" if dues else "–",
        pain=_range(pains),
        temperature=warmest.temperature if warmest else "–",
        alerts=", ".join(f"{count} {tier.label.lower()}" for tier, count in by_tier.items() if count) or "–",
    )


def _range(scores: Sequence[int]) -> str:
    if not scores:
        return "–"
    low, high = min(scores), max(scores)
    return str(low) if low == high else f"{low} to {high}"
