"""One alert as a row of a list."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from recovery import access
from recovery.clinical.tiers import Tier
from recovery.dashboard.screens.finding import because, finding_of, told_of
from recovery.dashboard.screens.person import Number, Person, first_number, person_of
from recovery.dashboard.screens.place import Clock, Place, place_of
from recovery.dashboard.targets import Target, next_target
from recovery.dashboard.wording import span
from recovery.models import Alert, User


@dataclass(frozen=True, slots=True)
class Row:
    """`is_open`: nobody has it. `left`: who had it, and has left the team."""

    id: UUID
    tier: Tier
    person: Person
    number: Number
    episode: UUID
    felt: str
    place: Place
    name: str
    because: tuple[str, ...]
    told: str
    waiting: str
    since: str
    target: Target
    is_open: bool
    left: str
    is_mine: bool
    owner: str
    owner_since: str
    was_taken_over: bool
    asked: str
    asked_at: str
    is_asked_of_me: bool
    reached: str
    again: str
    team: str
    may_take_on: bool

    @property
    def due(self) -> str:
        return self.target.due_at.isoformat() if self.target.due_at else ""

    @property
    def key(self) -> str:
        """Changes when the alert is news again: it was raised, or who had it has left."""
        return f"{self.id}:{self.tier.value}{':left' if self.left else ''}"

    @property
    def announcement(self) -> str:
        news = f"{self.left} has left and nobody has this alert" if self.left else "New alert"
        return f"{news}, {self.tier.label.lower()}: {self.person.name}. {self.name}."


def row_of(alert: Alert, *, user: User, clinician_in: Collection[int], clock: Clock) -> Row:
    episode, assessment, has_left = alert.episode, alert.latest_assessment, access.has_left(alert)
    finding = finding_of(alert)
    return Row(
        id=alert.uuid,
        tier=Tier(alert.tier),
        person=person_of(episode, clock.now),
        number=first_number(episode),
        episode=episode.uuid,
        felt=clock.moment(assessment.effective_at),
        place=place_of(episode, assessment.effective_at),
        name=finding.name,
        because=tuple(because(finding)),
        told=told_of(alert),
        waiting=span(clock.now - alert.tier_at),
        since=alert.tier_at.isoformat(),
        target=next_target(alert, clock.now),
        is_open=alert.status == Alert.Status.OPEN or has_left,
        left=alert.owner.name if alert.owner and has_left else "",
        is_mine=alert.owner_id == user.pk,
        owner=alert.owner.name if alert.owner and not has_left else "",
        owner_since=clock.moment(alert.owned_since) if alert.owned_since else "",
        was_taken_over=alert.taken_over_at is not None,
        asked=alert.asked.name if alert.asked else "",
        asked_at=clock.moment(alert.asked_at) if alert.asked_at else "",
        is_asked_of_me=alert.asked_id == user.pk,
        reached=clock.moment(alert.reached_at) if alert.reached_at else "",
        again=clock.moment(assessment.judged_at)
        if alert.latest_assessment_id != alert.first_assessment_id
        else "",
        team=alert.team.name,
        may_take_on=alert.team_id in clinician_in,
    )
