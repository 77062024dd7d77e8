"""When the next reminder of a recovery is due, by its slots and by what the patient wishes."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from recovery.clinical import protocol as protocols
from recovery.clinical.timeline import Slot
from recovery.models import Episode, Preferences
from recovery.reminders.times import Wishes, planned

NONE = Preferences.Channel.NONE


def wishes_of(row: Preferences, time_zone: str) -> Wishes:
    return Wishes(row.remind_at, row.repeats, row.quiet_from, row.quiet_until, ZoneInfo(time_zone))


def next_after(episode: Episode, row: Preferences, *, after: datetime) -> datetime | None:
    """The first reminder later than this; None when there is none to come, or none is wanted. Which check-ins have been
    sent by then is looked at when it is due."""
    if row.channel == NONE or episode.status == Episode.Status.ENDED:
        return None
    wishes = wishes_of(row, episode.time_zone)
    return first_after(episode.procedure_at, episode.protocol, wishes, after=after)


def first_after(procedure_at: datetime, protocol: str, wishes: Wishes, *, after: datetime) -> datetime | None:
    for _, opens_at, closes_at in spans(procedure_at, protocol):
        if closes_at > after:
            for at in planned(opens_at, closes_at, wishes):
                if at > after:
                    return at
    return None


def spans(procedure_at: datetime, protocol: str) -> Iterator[tuple[Slot, datetime, datetime]]:
    """Every slot with the instants at which it opens and closes."""
    for slot in protocols.get(protocol).slots:
        yield (
            slot,
            procedure_at + timedelta(hours=slot.open_h),
            procedure_at + timedelta(hours=slot.close_h),
        )
