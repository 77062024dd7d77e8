"""The plan of one team: who is on call at an instant, in turns that follow each other without a hole."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from recovery.models import RotaShift
from recovery.rota.local import day_at, instant_at

Level = RotaShift.Level
FIRST, SECOND = Level.FIRST, Level.SECOND
LEVELS = (FIRST, SECOND)

REACHES = timedelta(days=3)
"""No shift reaches further than this from the day on which it begins, whatever clocks do meanwhile."""


@dataclass(frozen=True, slots=True)
class OnCall:
    """Who is on call, by the id of the user. Nobody at a level is a gap: whoever asks then tells everybody."""

    first: tuple[int, ...] = ()
    second: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Shift:
    level: int
    user: int
    weekday: int
    begins_min: int
    lasts_min: int


@dataclass(frozen=True, slots=True)
class Override:
    level: int
    user: int
    from_at: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True)
class Turn:
    """`user` is on call from an instant until another, which is no more theirs. None: nobody is."""

    level: int
    user: int | None
    from_at: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """`there` are the ids of those who belong to the team now, with their names. A turn of anybody else is a gap."""

    zone: ZoneInfo
    shifts: Sequence[Shift] = ()
    overrides: Sequence[Override] = ()
    there: Mapping[int, str] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Nothing is planned: the team works without a rota, and everybody is told."""
        return not self.shifts and not self.overrides

    def at(self, instant: datetime) -> OnCall:
        first, second = (self._at(level, instant) for level in LEVELS)
        return OnCall(first, second)

    def turns(self, level: int, since: datetime, until: datetime) -> list[Turn]:
        """From `since` to `until`, each beginning where the one before it ends; neighbours are different people."""
        planned = [*self._overrides(level), *self._occurrences(level, since, until)]
        edges = {edge for turn in planned for edge in (turn.from_at, turn.until_at) if since < edge < until}
        turns: list[Turn] = []
        for begin, end in pairwise(sorted({since, until, *edges})):
            user = self._user(next((turn for turn in planned if turn.from_at <= begin < turn.until_at), None))
            if turns and turns[-1].user == user:
                begin = turns.pop().from_at
            turns.append(Turn(level, user, begin, end))
        return turns

    def gaps(self, since: datetime, until: datetime, *, level: int = FIRST) -> list[Turn]:
        """When nobody is on call at that level. Without a rota there is none: everybody is told."""
        return (
            [] if self.is_empty else [turn for turn in self.turns(level, since, until) if turn.user is None]
        )

    def _at(self, level: int, instant: datetime) -> tuple[int, ...]:
        [turn] = self.turns(level, instant, instant + timedelta.resolution)
        return () if turn.user is None else (turn.user,)

    def _user(self, turn: Turn | None) -> int | None:
        return turn.user if turn and turn.user in self.there else None

    def _overrides(self, level: int) -> Iterator[Turn]:
        for each in self.overrides:
            if each.level == level:
                yield Turn(level, each.user, each.from_at, each.until_at)

    def _occurrences(self, level: int, since: datetime, until: datetime) -> Iterator[Turn]:
        """The pattern's shifts on the days around the time asked for."""
        day, last = day_at(since - REACHES, self.zone), day_at(until, self.zone) + timedelta(days=1)
        while day <= last:
            for shift in self.shifts:
                if shift.level == level and shift.weekday == day.weekday():
                    begin = instant_at(day, shift.begins_min, self.zone)
                    end = instant_at(day, shift.begins_min + shift.lasts_min, self.zone)
                    if begin < end:
                        yield Turn(level, shift.user, begin, end)
            day += timedelta(days=1)
