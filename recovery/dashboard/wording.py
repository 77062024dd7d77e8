"""Times, spans and numbers as people read them. Pure functions; a page says its time zone once."""

import re
from datetime import date, datetime, timedelta
from math import floor
from zoneinfo import ZoneInfo

NBSP = "\u00a0"
"""Keeps a number and its unit on one line."""


def span(length: timedelta) -> str:
    """For example "under 1 min", "12 min", "3 h 12 min", "2 days 3 h". Rounded down; the sign is dropped."""
    minutes = int(abs(length).total_seconds() // 60)
    if minutes < 1:
        return f"under 1{NBSP}min"
    hours, minutes = divmod(minutes, 60)
    if hours < 1:
        return f"{minutes}{NBSP}min"
    days, hours = divmod(hours, 24)
    if days < 1:
        return f"{hours}{NBSP}h {minutes}{NBSP}min" if minutes else f"{hours}{NBSP}h"
    named = f"{days}{NBSP}{'day' if days == 1 else 'days'}"
    return f"{named} {hours}{NBSP}h" if hours else named


def moment(instant: datetime, zone: ZoneInfo, now: datetime) -> str:
    """For example "14:02 today", "22:10 yesterday", "09:30 on Tue 3 March"; with the year when it is another."""
    local, today = instant.astimezone(zone), now.astimezone(zone).date()
    match (today - local.date()).days:
        case 0:
            return f"{local:%H:%M} today"
        case 1:
            return f"{local:%H:%M} yesterday"
    year = "" if local.year == today.year else f" {local.year}"
    return f"{local:%H:%M} on {local:%a} {local.day} {local:%B}{year}"


def stamp(instant: datetime, zone: ZoneInfo) -> str:
    """For paper, which is read on another day: "14:02 on 3 March 2026"."""
    return f"{instant.astimezone(zone):%H:%M} on {clinic_day(instant, zone)}"


def day(on: date) -> str:
    return f"{on.day} {on:%B} {on.year}"


def clinic_day(instant: datetime, zone: ZoneInfo) -> str:
    return day(instant.astimezone(zone).date())


def to_the_second(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%H:%M:%S}"


def zone_words(zone: ZoneInfo, now: datetime) -> str:
    """For example "Europe/London (GMT)"."""
    return f"{zone.key} ({now.astimezone(zone):%Z})"


def hour(hours: float) -> str:
    """Hours since the procedure, rounded down to a tenth, so that 47.99 never reads as 48."""
    return f"{floor(hours * 10) / 10:g}"


def age(born_on: date, on: date) -> int:
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))


def dialled(number: str) -> str:
    """What a tel: link needs of a number that is written for people."""
    return re.sub(r"[^\d+*#]", "", number)


def counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
