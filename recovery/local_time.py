"""Times as people read them, in a zone that is said. Rules never use these."""

from datetime import datetime
from zoneinfo import ZoneInfo


def clock_time(instant: datetime, zone: str) -> str:
    """For example "14:02 on 3 March"."""
    local = instant.astimezone(ZoneInfo(zone))
    return f"{local:%H:%M} on {local.day} {local:%B}"
