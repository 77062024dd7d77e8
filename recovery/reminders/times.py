"""When a patient is reminded of a check-in: inside its slot, at the time of day that they picked, on their own clock.

Pure functions of instants. A time of day that a clock change leaves out is the same instant as by the old clock; one
that comes twice is meant the first time.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SOON = timedelta(hours=1)
"""After a slot opens, where the time of day that was picked does not lie in it."""

AGAIN = timedelta(hours=4)
"""Between a reminder and the next, while nobody has answered."""

LEAST = timedelta(hours=2)
"""Between two reminders, however they came about."""

LAST = timedelta(minutes=30)
"""Before a slot closes: who is reminded still has the time to answer."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What decides when. `quiet_from` equal to `quiet_until`: there are no quiet hours."""

    at: time
    repeats: int
    quiet_from: time
    quiet_until: time
    zone: ZoneInfo

    def is_quiet(self, instant: datetime) -> bool:
        return within(instant.astimezone(self.zone).time(), self.quiet_from, self.quiet_until)

    def after_quiet(self, instant: datetime) -> datetime:
        """The instant itself, or the end of the quiet hours that it lies in. An end that the clocks leave out is none
        before they have gone forward."""
        while self.is_quiet(instant):
            instant = self._next(self.quiet_until, instant)
        return instant

    def next_quiet(self, instant: datetime) -> datetime | None:
        """When quiet hours begin after this; None where there are none."""
        return None if self.quiet_from == self.quiet_until else self._next(self.quiet_from, instant)

    def _next(self, clock: time, instant: datetime) -> datetime:
        """When it is this time of day next. The clocks may be put back meanwhile."""
        today = instant.astimezone(self.zone).date()
        clocks = [clock.replace(fold=fold) for fold in (0, 1)]
        comes = [self._on(today + timedelta(days=n), each) for each in clocks for n in (0, 1)]
        return min(at for at in comes if at > instant)

    def _on(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self.zone).astimezone(UTC)

    def on_each_day(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """The time picked, on each day that has a part between these."""
        day, last = start.astimezone(self.zone).date(), end.astimezone(self.zone).date()
        while day <= last:
            yield self._on(day, self.at)
            day += timedelta(days=1)


def within(clock: time, start: time, end: time) -> bool:
    """Whether a time of day lies in [start, end), which may go over midnight."""
    return start <= clock < end if start <= end else clock >= start or clock < end


def planned(opens_at: datetime, closes_at: datetime, wishes: Wishes) -> tuple[datetime, ...]:
    """Every instant, in order, at which a patient who does not answer is reminded of the check-in of this slot.

    First at the time picked on each day of the slot, or soon after it opens; then, as often as wished, some hours
    later. Never in quiet hours, never so late that nobody could answer any more.
    """
    last = closes_at - LAST

    def moved(instants: Iterable[datetime]) -> list[datetime]:
        return [at for at in map(wishes.after_quiet, instants) if opens_at <= at <= last]

    firsts = moved(at for at in wishes.on_each_day(opens_at, closes_at) if opens_at <= at <= last)
    firsts = firsts or moved([opens_at + SOON])
    later = moved(first + n * AGAIN for n in range(1, wishes.repeats + 1) for first in firsts)
    chosen: list[datetime] = []
    for at in (*firsts, *later):
        if len(chosen) <= wishes.repeats and all(abs(at - other) >= LEAST for other in chosen):
            chosen.append(at)
    return tuple(sorted(chosen))
