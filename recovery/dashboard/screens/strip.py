"""The days of a recovery in a row: on which something came, was found, or was missed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from recovery.clinical.tiers import Tier
from recovery.clinical.timeline import day_number
from recovery.dashboard.screens.patient_reports import Said
from recovery.dashboard.screens.slots import WORDS, Became, Due
from recovery.dashboard.wording import counted
from recovery.models import Episode

LONGEST = 200
"""Days shown at most: an extended recovery of half a year."""

STATE_OF = {
    Became.MISSED: "missed",
    Became.HALF: "half",
    Became.OPEN: "open",
    Became.PAUSED: "paused",
}
"""What a slot makes of its day when no check-in came on it; the first that holds counts."""


@dataclass(frozen=True, slots=True)
class Day:
    """`state`: flagged (with its tier), answered, half, missed, open, paused or none."""

    number: int | None
    state: str
    tier: Tier
    words: str
    href: str


LEGEND = [
    *(Day(None, "flagged", tier, tier.label.lower(), "") for tier in sorted(Tier, reverse=True) if tier),
    Day(None, "answered", Tier.NONE, "answered, nothing found", ""),
    Day(None, "half", Tier.NONE, "half-finished", ""),
    Day(None, "missed", Tier.NONE, "missed", ""),
    Day(None, "open", Tier.NONE, "due now", ""),
    Day(None, "paused", Tier.NONE, "paused", ""),
    Day(None, "none", Tier.NONE, "not due", ""),
]


@dataclass(frozen=True, slots=True)
class Week:
    number: int
    days: list[Day]


def weeks_of(
    episode: Episode, said: Sequence[Said], dues: Sequence[Due], *, hrefs: dict[str, str], until: datetime
) -> list[Week]:
    """From the day of the procedure to the end of the week of `until`, by the patient's own calendar. `hrefs` say
    where on the page a check-in stands, by its anchor."""
    zone = ZoneInfo(episode.time_zone)
    first = episode.procedure_at.astimezone(zone).date()
    last = min(max(day_number(episode.procedure_at, until, zone), 0), LONGEST)
    by_day: dict[int, list[Said]] = {}
    for one in said:
        if one.counts:
            number = day_number(episode.procedure_at, one.check_in.effective_at, zone)
            by_day.setdefault(number, []).append(one)
    due_by_day: dict[int, list[Due]] = {}
    for due in dues:
        due_by_day.setdefault(day_number(episode.procedure_at, due.middle_at, zone), []).append(due)
    days = [
        _day(number, first, by_day.get(number, ()), due_by_day.get(number, ()), hrefs)
        for number in range(last + 1)
    ]
    return [Week(start // 7 + 1, days[start : start + 7]) for start in range(0, len(days), 7)]


def _day(number: int, first: date, said: Sequence[Said], dues: Iterable[Due], hrefs: dict[str, str]) -> Day:
    on = first + timedelta(days=number)
    became = [due.became for due in dues if due.became in STATE_OF]
    tier = max((one.tier for one in said), default=Tier.NONE)
    if tier > Tier.NONE:
        state = "flagged"
    elif any(one.check_in.completed for one in said):
        state = "answered"
    elif said:
        state = "half"
    else:
        state = next((name for slot, name in STATE_OF.items() if slot in became), "none")
    what = _words(said, tier, became)
    return Day(
        number=number,
        state=state,
        tier=tier,
        words=f"Day {number}, {on:%a} {on.day} {on:%B}: {what}",
        href=hrefs.get(said[0].anchor, "") if said else "",
    )


def _words(said: Sequence[Said], tier: Tier, became: Sequence[Became]) -> str:
    parts = [counted(len(said), "check-in", "check-ins")] if said else []
    if tier > Tier.NONE:
        names = dict.fromkeys(finding.name for one in said for finding in one.findings)
        parts.append(f"{tier.label.lower()}: {', '.join(names)}")
    parts += [f"check-in {WORDS[slot]}" for slot in became]
    return "; ".join(parts) or "no check-in due"
