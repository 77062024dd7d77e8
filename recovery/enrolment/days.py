"""Days and times as people and spreadsheets write them. What can be read in two ways is not read."""

import re
from datetime import date, datetime, time
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
NAMES = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]00:00(?::00)?)?")
NAMED = re.compile(r"(\d{1,2})[ .-]*([a-z]+)[ .,-]*(\d{4})", re.IGNORECASE)
DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
CLOCK = re.compile(r"(\d{1,2})[:.](\d{2})(?:[:.]\d{2})?\s*([ap]\.?m\.?)?", re.IGNORECASE)
HOW = "Write a day as 2026-03-05 or 5 March 2026."
OLDEST_YEARS = 120


def day_of(written: str) -> date:
    """2026-03-05, 5 March 2026, 5-Mar-2026 and 05.03.2026; with slashes only where one part cannot be a month.

    Raises ValueError that says what to write instead.
    """
    text = written.strip()
    if match := ISO.fullmatch(text):
        year, month, day = map(int, match.groups())
    elif match := NAMED.fullmatch(text):
        day, month, year = int(match[1]), _month(match[2]), int(match[3])
    elif match := DOTTED.fullmatch(text):
        day, month, year = map(int, match.groups())
    elif match := SLASHED.fullmatch(text):
        day, month, year = map(int, match.groups())
        if day <= len(MONTHS) >= month != day:
            raise ValueError(f"{text} can be read in two ways. {HOW}")
        if month > len(MONTHS):
            day, month = month, day
    else:
        raise ValueError(HOW)
    try:
        return date(year, month, day)
    except ValueError:
        raise ValueError(f"There is no such day. {HOW}") from None


def birthday_of(written: str, *, today: date) -> date:
    born_on = day_of(written)
    check_birthday(born_on, today=today)
    return born_on


def check_birthday(born_on: date, *, today: date) -> None:
    """Raises ValueError for a day on which nobody alive was born."""
    if not today.year - OLDEST_YEARS <= born_on.year or born_on >= today:
        raise ValueError("Nobody alive was born on this day. Check the year.")


def time_of(written: str) -> time:
    """14:05, 14:05:00 and 2:05 pm."""
    match = CLOCK.fullmatch(written.strip())
    if match is None:
        raise ValueError("Write a time as 14:05.")
    hour, minute, half = int(match[1]), int(match[2]), (match[3] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            raise ValueError("Write a time as 14:05.")
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    try:
        return time(hour, minute)
    except ValueError:
        raise ValueError("Write a time as 14:05.") from None


def instant_of(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Raises ValueError for a time that clocks skipped; of one that came twice it is the first."""
    local = datetime.combine(day, clock, tzinfo=zone)
    try:
        there_and_back = local.astimezone(ZoneInfo("UTC")).astimezone(zone)
    except OverflowError:  # in another zone it is before the year 1 or after 9999
        raise ValueError("There is no such time. Check the year.") from None
    if there_and_back.replace(tzinfo=None) != local.replace(tzinfo=None):
        raise ValueError("Clocks went forward that night, and this time was skipped. Check it.")
    return local


@cache
def time_zones() -> frozenset[str]:
    """Every name there is. Finding them reads hundreds of files, so it is done once."""
    return frozenset(available_timezones())


def _month(name: str) -> int:
    word = name.lower()
    if word in NAMES:
        return NAMES.index(word) + 1
    if word.removesuffix("t") in MONTHS:  # sept
        return MONTHS.index(word.removesuffix("t")) + 1
    raise ValueError(HOW)
