"""The clock that doors and the watch read. Everything below them is given `now`.

Doors read that of their own machine. The watch reads the database's, one for all: a machine that is an hour off sees no
slot closed early or late. So do the doors by which somebody takes an alert on: reminders are counted from then. What a
door writes down otherwise (when a report was received) is as right as its own machine.

In the demo the clock starts some days back and is moved on by the demo's driver until it meets real time, where it
stays: `DEMO_CLOCK` names a file of eight bytes, the seconds (a little-endian double, never above 0) by which the
demo's time lags behind real time. Time-outs, leases and back-off never use this clock (they use the database's).
"""

import functools
import mmap
import struct
from datetime import UTC, datetime, timedelta

from django.conf import settings

from recovery import statements

LAG = struct.Struct("<d")

SLIGHT = timedelta(seconds=1)
"""A machine that is off by less is right."""


def now() -> datetime:
    """The instant it is, aware, in UTC."""
    return real() + _lag()


def of_database() -> datetime:
    """The same by the database's clock. Raises what a query raises."""
    instant: datetime = statements.fetch_all("SELECT clock_timestamp()", [])[0][0]
    return instant.astimezone(UTC) + _lag()


def shared() -> datetime:
    """That of this machine, put right by the database's clock where it is off: for deeds that others' times are counted
    from. Raises what a query raises."""
    ahead = real() - (of_database() - _lag())
    return now() if abs(ahead) < SLIGHT else now() - ahead


def real() -> datetime:
    """The instant it really is, for what others hold against their own clocks."""
    return datetime.now(UTC)


def _lag() -> timedelta:
    """How far the demo's time is behind real time (below 0, or none)."""
    if not settings.DEMO_CLOCK:
        return timedelta()
    return timedelta(seconds=LAG.unpack_from(_mapped(settings.DEMO_CLOCK))[0])


@functools.cache
def _mapped(path: str) -> mmap.mmap:
    with open(path, "rb") as file:
        return mmap.mmap(file.fileno(), LAG.size, access=mmap.ACCESS_READ)
