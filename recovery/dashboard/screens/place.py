"""Where and when: the zone that a page's times are in, and where in the recovery an instant lies."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from recovery import access
from recovery.clinical import protocol as protocols
from recovery.clinical.timeline import day_number
from recovery.dashboard import wording
from recovery.models import Episode, User


@dataclass(frozen=True, slots=True)
class Clock:
    """Now, in the zone of the clinic. The zone is said once per page."""

    now: datetime
    zone: ZoneInfo

    @property
    def zone_words(self) -> str:
        return wording.zone_words(self.zone, self.now)

    @property
    def as_of(self) -> str:
        return wording.to_the_second(self.now, self.zone)

    def local(self, instant: datetime) -> str:
        """The time of day alone, for example "14:02"."""
        return f"{instant.astimezone(self.zone):%H:%M}"

    def moment(self, instant: datetime) -> str:
        return wording.moment(instant, self.zone, self.now)


@dataclass(frozen=True, slots=True)
class PaperClock(Clock):
    """The same for what is printed and kept: every date with its year, and none is "today"."""

    def moment(self, instant: datetime) -> str:
        return wording.stamp(instant, self.zone)


def clock_of(user: User, now: datetime) -> Clock:
    """The clock of the user's clinic. Somebody without a team has no clinic and reads UTC."""
    team = access.teams(user).select_related("clinic").order_by("pk").first()
    return Clock(now, ZoneInfo(team.clinic.time_zone if team else "UTC"))


@dataclass(frozen=True, slots=True)
class Place:
    """A point of the recovery: H, the day in the patient's own zone, and the phase with what is expected in it."""

    hour: str
    day: int
    phase: str
    expect: str

    @property
    def words(self) -> str:
        return f"Day {self.day}, hour {self.hour}"


def place_of(episode: Episode, at: datetime) -> Place:
    phase = protocols.get(episode.protocol).phase_at(episode.hours_at(at))
    return Place(
        hour=wording.hour(episode.hours_at(at)),
        day=day_number(episode.procedure_at, at, ZoneInfo(episode.time_zone)),
        phase=phase.name,
        expect=phase.expect,
    )
