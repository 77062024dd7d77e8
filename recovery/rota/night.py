"""The night of a team, by the clocks of its zone: few are awake, and somebody who can be reached must be on call."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from recovery.rota.local import day_at, instant_at

BEGINS_MIN, ENDS_MIN = 20 * 60, 32 * 60
LOOKED_AT_MIN = 16 * 60
"""When it is looked at whether the night is covered: while there is still time to find somebody."""


@dataclass(frozen=True, slots=True)
class Night:
    """`on` is the day on which it begins."""

    on: date
    from_at: datetime
    until_at: datetime


def tonight(zone: ZoneInfo, now: datetime) -> Night:
    """The night that it is, or else the next one."""
    today = day_at(now, zone)
    night = _night(today - timedelta(days=1), zone)
    return night if now < night.until_at else _night(today, zone)


def next_look(zone: ZoneInfo, now: datetime) -> datetime:
    """The instant after `now` at which the night is looked at."""
    today = day_at(now, zone)
    at = instant_at(today, LOOKED_AT_MIN, zone)
    return at if at > now else instant_at(today + timedelta(days=1), LOOKED_AT_MIN, zone)


def _night(on: date, zone: ZoneInfo) -> Night:
    return Night(on, instant_at(on, BEGINS_MIN, zone), instant_at(on, ENDS_MIN, zone))
