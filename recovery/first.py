"""Who was first: of two who change the same thing of a recovery at once, the second reads the name of the other."""

from recovery.local_time import clock_time
from recovery.models import Episode


def who_was_first(episode: Episode, what: str, done: str, *, without: str = "") -> str:
    """Who changed what somebody is about to change, and when: the sentence that the second one reads. `without` is who
    it was where it was nobody of the staff."""
    last = episode.events.filter(what=what).select_related("by").order_by("-id").first()
    who = last.by.name if last and last.by else without
    if last is None or not who:
        return "This was changed since you opened it. Read what stands there now."
    return f"{who} {done} at {clock_time(last.at, episode.clinic.time_zone)}. Read what stands there now."
