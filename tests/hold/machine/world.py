"""One recovery in the machine of faults: who takes part, what the phone said, and what time it is for whom."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from recovery.models import CareTeam, CheckIn, Episode, User
from tests.api.phones import Phone
from tests.factories import at
from tests.hold.broker import Broker
from tests.hold.mortals import Mortals
from tests.notifications.postbox import Postbox

Draw = Callable[[st.SearchStrategy[Any]], Any]
"""What is drawn depends on nothing but what was drawn before, or a run could not be made again."""

any_of = st.integers(0, 1_000)


@dataclass(frozen=True)
class Scene:
    """What all recoveries of one run share. `set_clocks` sets the clock of the doors, and that of the database."""

    team: CareTeam
    ben: User
    mailbox: Postbox
    broker: Broker
    mortals: Mortals
    set_clocks: Callable[[float, float], None]


@dataclass(frozen=True)
class Sent:
    """A request about one report, with the same body however often it is sent. `base` 0 is the report itself, else the
    revision that it corrects."""

    body: dict[str, Any]
    base: int = 0

    @property
    def revision(self) -> int:
        return self.base + 1


@dataclass
class Said:
    """A report: what the phone sent first, what the service took, by revision, and what was never answered."""

    first: Sent
    taken: dict[int, Sent] = field(default_factory=dict)
    unanswered: list[Sent] = field(default_factory=list)
    withdrawn: bool = False

    @property
    def id(self) -> UUID:
        return UUID(self.first.body["id"])

    @property
    def revision(self) -> int:
        return max(self.taken, default=0)


class World(RuleBasedStateMachine):
    scene: ClassVar[Scene]
    episode: Episode
    phone: Phone
    is_revoked: bool

    def __init__(self) -> None:
        super().__init__()
        self.now_h = 3.0
        self.phone_skew_h = 0.0
        self.server_skews_h = {"web": 0.0, "database": 0.0}
        self.said: dict[UUID, Said] = {}
        self.count = 0
        self.refused: set[str] = set()
        self.ended: dict[UUID, int] = {}
        self.deaths = 0

    def clock_of(self, server: str) -> datetime:
        """What time that server believes it is. Worker and watch go by the database's clock."""
        return at(self.now_h + self.server_skews_h[server])

    def time_passes(self, hours: float) -> None:
        self.now_h += hours
        skews_h = self.server_skews_h
        self.scene.set_clocks(self.now_h + skews_h["web"], self.now_h + skews_h["database"])

    def one_said(self, draw: Draw) -> Said | None:
        """One of the latest reports."""
        if not self.said:
            return None
        return list(self.said.values())[-1 - draw(any_of) % min(len(self.said), 5)]

    def stored(self) -> dict[UUID, CheckIn]:
        rows = CheckIn.objects.filter(episode=self.episode).prefetch_related("revisions")
        return {row.client_id: row for row in rows}
