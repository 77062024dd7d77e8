"""When slots of an episode close, and the verdict on what was heard by then. Nothing is read or written here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from recovery import verdicts
from recovery.clinical import protocol as protocols
from recovery.clinical.assessment import Assessment, Heard, Span, assess_running_silence
from recovery.clinical.facts import Procedure
from recovery.clinical.protocol import Protocol
from recovery.clinical.tiers import Tier
from recovery.models import Episode


@dataclass(frozen=True, slots=True)
class Watched:
    """An episode as silence sees it. `due_at` is when the watch was to look; `failures` in a row came before."""

    id: int
    clinic_id: int
    procedure: Procedure
    protocol: str
    due_at: datetime | None = None
    extended_until: datetime | None = None
    failures: int = 0

    @classmethod
    def of(cls, episode: Episode) -> "Watched":
        procedure = Procedure(episode.procedure, episode.procedure_at, frozenset(episode.risk_factors))
        return cls(
            id=episode.pk,
            clinic_id=episode.clinic_id,
            procedure=procedure,
            protocol=episode.protocol,
            extended_until=episode.extended_until,
        )

    @property
    def planned_end(self) -> datetime:
        return self.procedure.at + timedelta(hours=protocols.get(self.protocol).ends_h)

    @property
    def ends_at(self) -> datetime:
        """The planned end, or the end of an extension."""
        return self.planned_end if self.extended_until is None else self.extended_until


@dataclass(frozen=True, slots=True)
class Closing:
    """One instant at which a slot of one episode closed."""

    episode: Watched
    at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """What is stored of an episode by a closing. `last_tier` None: the latest completed check-in was not judged yet."""

    count: int
    last_at: datetime | None
    last_tier: int | None
    pauses: Sequence[Span]


def closed_by(now: datetime, episode: Watched) -> list[Closing]:
    """Every close from the one that was due to the latest by `now`, in order."""
    if episode.due_at is None:
        return []
    start = episode.procedure.at
    due, until = episode.due_at - start, min(now, episode.ends_at) - start
    return [
        Closing(episode, start + close)
        for close in _closes(protocols.get(episode.protocol))
        if due <= close <= until
    ]


def next_look(episode: Watched, *, after: datetime) -> datetime | None:
    """When the watch has to look next: at the next close, then at the end. None when all is over."""
    start = episode.procedure.at
    for close in _closes(protocols.get(episode.protocol)):
        if close > after - start:
            return min(start + close, episode.ends_at)
    return episode.ends_at if episode.ends_at > after else None


def judged(closing: Closing, told: Told) -> Assessment:
    """The verdict as of a closing, by the protocol of the episode. Only an episode that runs is watched, and the slot
    that closes when it ends is judged before it ends."""
    episode = closing.episode
    protocol = protocols.get(episode.protocol)
    return assess_running_silence(
        protocol=protocol,
        procedure=episode.procedure,
        heard=Heard(told.count, told.last_at, _tier(told, protocol)),
        now=closing.at,
        excused=told.pauses,
    )


def _tier(told: Told, protocol: Protocol) -> Tier | None:
    """A check-in that could not be judged counts as its service alert does: nothing has been ruled out."""
    if told.last_at is None:
        return None
    if told.last_tier is None:
        return protocol.service_alerts[verdicts.NOT_JUDGED].tier
    return Tier(told.last_tier)


@cache
def _closes(protocol: Protocol) -> tuple[timedelta, ...]:
    """How long after the procedure slots close, in order. A protocol is loaded once and never changed."""
    return tuple(sorted({timedelta(hours=slot.close_h) for slot in protocol.slots}))
