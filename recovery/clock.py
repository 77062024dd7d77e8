"""The clock that doors and the watch read. Everything below them is given `now`.

In the demo the clock starts some days back and is moved on by the demo's driver until it meets real time, where it
stays: `DEMO_CLOCK` names a file of eight bytes, the seconds (a little-endian double, never above 0) by which the
demo's time lags behind real time. Time-outs, leases and back-off never use this clock (they use the database's).
"""

import functools
import mmap
import struct
from datetime import UTC, datetime, timedelta

from django.conf import settings

LAG = struct.Struct("<d")


def now() -> datetime:
    """The instant it is, aware, in UTC."""
    if settings.DEMO_CLOCK:
        return real() + timedelta(seconds=LAG.unpack_from(_mapped(settings.DEMO_CLOCK))[0])
    return real()


def real() -> datetime:
    """The instant it really is, for what others hold against their own clocks."""
    return datetime.now(UTC)


@functools.cache
def _mapped(path: str) -> mmap.mmap:
    with open(path, "rb") as file:
        return mmap.mmap(file.fileno(), LAG.size, access=mmap.ACCESS_READ)
