"""Every figure once more, counted from the plain objects by loops that anybody can follow. The schedule is copied from
the specification (section 4), not from the product."""

import statistics
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.figures.world import LIVE, Recovery, Report, Told

SCHEDULE = {
    0: (2, 12), 1: (12, 36), 2: (36, 60), 3: (60, 84), 4: (84, 108), 5: (108, 132), 6: (132, 156), 7: (156, 180),
    10: (228, 252), 14: (312, 360), 21: (480, 528), 28: (648, 696), 42: (984, 1032), 84: (1992, 2040),
}  # fmt: skip
AGES = ["under 50", "50 to 64", "65 to 74", "75 to 84", "85 and over"]


def is_within(at: datetime, first: date, last: date, zone: ZoneInfo) -> bool:
    """By the date on the wall of the clinic."""
    return first <= at.astimezone(zone).date() <= last


def check_ins(world: Iterable[Recovery], within: Callable[[datetime], bool]) -> tuple[int, int]:
    """How many, and of how many recoveries."""
    each = [sum(counts(report) and within(report.at) for report in one.reports) for one in world]
    return sum(each), sum(number > 0 for number in each)


def raised(world: Iterable[Recovery], within: Callable[[datetime], bool]) -> dict[tuple[str, int], list[int]]:
    """Of each rule and tier: alerts, ended, acted on, noise."""
    found: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for told in opened(world, within):
        has_ended = told.status not in LIVE
        helped = told.outcome in {"self-care", "seen", "sent-to-emergency"} and not told.noise
        for place, holds in enumerate([True, has_ended, helped, has_ended and bool(told.noise)]):
            found[told.rule, told.tier][place] += holds
    return dict(found)


def waits(
    world: Iterable[Recovery], within: Callable[[datetime], bool], end: Callable[[Told], datetime | None]
) -> dict[int, tuple[int, int, int, int, float | None, float | None]]:
    """Of each tier: alerts, timed, done before it rose, still waiting, median and ninth of ten in seconds."""
    found = {}
    for tier in (1, 2, 3, 4):
        of_tier = [told for told in opened(world, within) if told.tier == tier]
        if not of_tier:
            continue
        ends = [(told, end(told)) for told in of_tier]
        seconds = [
            (at - told.tier_at).total_seconds() for told, at in ends if at is not None and at >= told.tier_at
        ]
        before = sum(at is not None and at < told.tier_at for told, at in ends)
        waiting = sum(at is None and told.status in LIVE for told, at in ends)
        found[tier] = (len(of_tier), len(seconds), before, waiting, *percentiles(seconds))
    return found


def taken_on_at(told: Told) -> datetime | None:
    if told.acknowledged_at is not None:
        return told.acknowledged_at
    return told.ended_at if told.status == "closed" else None


def reached_at(told: Told) -> datetime | None:
    if told.contacted_at is not None:
        return told.contacted_at
    return told.ended_at if told.patient_contacted else None


def due(
    world: Iterable[Recovery],
    within: Callable[[datetime], bool],
    now: datetime,
    keys: Callable[[Recovery, int], Iterable[Hashable]],
) -> dict[Hashable, tuple[int, int, int]]:
    """Of each group: recoveries, due, answered."""
    found: dict[Hashable, list[tuple[int, bool]]] = defaultdict(list)
    for number, one in enumerate(world):
        for day, (open_h, close_h) in SCHEDULE.items():
            opens, closes = (one.procedure_at + timedelta(hours=hours) for hours in (open_h, close_h))
            if not within(closes) or closes >= now:
                continue
            answered = any(counts(report) and opens <= report.at < closes for report in one.reports)
            if answered or was_asked(one, closes):
                for key in keys(one, day):
                    found[key].append((number, answered))
    return {
        key: (len({number for number, _ in rows}), len(rows), sum(answered for _, answered in rows))
        for key, rows in found.items()
    }


def age_group(one: Recovery) -> str:
    born, on = one.born_on, one.procedure_at.date()
    years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    return AGES[sum(years >= limit for limit in (50, 65, 75, 85))]


def language(one: Recovery) -> str:
    return one.language.lower().replace("_", "-").split("-")[0]


def counts(report: Report) -> bool:
    return report.status == "completed" and not report.withdrawn


def opened(world: Iterable[Recovery], within: Callable[[datetime], bool]) -> list[Told]:
    return [told for one in world for told in one.alerts if within(told.opened_at)]


def was_asked(one: Recovery, closes: datetime) -> bool:
    if one.started_at >= closes or (one.ended_at is not None and one.ended_at < closes):
        return False
    return not any(start <= closes and (end is None or closes < end) for start, end in one.pauses)


def percentiles(values: Sequence[float]) -> tuple[float | None, float | None]:
    if not values:
        return None, None
    if len(values) == 1:
        return values[0], values[0]
    return statistics.median(values), statistics.quantiles(values, n=10, method="inclusive")[8]
