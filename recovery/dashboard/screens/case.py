"""A patient with what is to be worked on: the unit of the board and of the hand-over sheet."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from recovery import access
from recovery.clinical.tiers import Tier
from recovery.dashboard.screens.person import Person, person_of
from recovery.dashboard.screens.place import Clock, Place, place_of
from recovery.dashboard.screens.row import Row, row_of
from recovery.dashboard.targets import due
from recovery.models import Alert, Episode, User

NO_HURRY = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Case:
    """A patient with every live alert that is not routine, the most pressing first. Equal values look the same."""

    id: UUID
    tier: Tier
    person: Person
    now: Place
    rows: tuple[Row, ...]


def case_of(episode: Episode, rows: Sequence[Row], clock: Clock) -> Case:
    """`rows` in order, at least one."""
    return Case(
        id=episode.uuid,
        tier=rows[0].tier,
        person=person_of(episode, clock.now),
        now=place_of(episode, clock.now),
        rows=tuple(rows),
    )


def rows_of(alerts: Iterable[Alert], *, user: User, clinician_in: Collection[int], clock: Clock) -> list[Row]:
    return [row_of(alert, user=user, clinician_in=clinician_in, clock=clock) for alert in alerts]


def pressing(alert: Alert) -> tuple[int, datetime, int]:
    """Sorts the worst tier first, and then whose next step is due first, as the board does (screens/queue.py)."""
    status = Alert.Status.OPEN if is_nobodys(alert) else Alert.Status.ACKNOWLEDGED
    due_at = due(status, alert.tier, alert.tier_at, alert.reached_at)
    return -alert.tier, due_at or NO_HURRY, alert.pk


def is_nobodys(alert: Alert) -> bool:
    """Of a live alert that was read by `AlertQuerySet.with_owner`: nobody has taken it on, or who had has left."""
    return alert.owner_id is None or access.has_left(alert)
