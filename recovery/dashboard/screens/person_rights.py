"""What is held about one person, and whether it can be erased: for administrators of their team, and its doctors."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from recovery import persons
from recovery.dashboard.screens.care import Care, care_of
from recovery.models import Erasure, LegalHold, User


@dataclass(frozen=True, slots=True)
class Rights:
    """`kept_until` in words; empty while a recovery runs. `is_mine`: the one who looks has asked for it."""

    care: Care
    may_ask: bool
    runs: bool
    kept_until: str
    is_over: bool
    years: int
    asked: Erasure | None
    is_mine: bool
    hold: LegalHold | None


def show(user: User, episode_id: UUID, now: datetime) -> Rights:
    """Raises Episode.DoesNotExist for whoever does not answer for them."""
    episode = persons.answered_for(episode_id, user)
    until = persons.kept_until(episode.patient)
    asked = persons.standing(episode.patient)
    return Rights(
        care=care_of(user, episode_id, now),
        may_ask=persons.may_ask(episode, user),
        runs=until is None,
        kept_until=f"{until:%-d %B %Y}" if until else "",
        is_over=until is not None and until <= now,
        years=episode.clinic.record_years,
        asked=asked,
        is_mine=asked is not None and asked.asked_by_id == user.pk,
        hold=persons.hold_of(episode.patient),
    )
