"""What is still to be done when the newcomer arrives: a few alerts of several tiers, some of them nobody's yet.

They belong to patients outside the roll of the settled (roll.py): fresh from the procedure, or past day 40.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from demo import roll
from demo.answering import NOTHING_WRONG
from demo.diary import Deed, Note
from demo.driver import Driver
from recovery.clinical.tiers import Tier
from recovery.models import Alert, Episode


@dataclass(frozen=True)
class Scene:
    """`before` the landing, this is reported, unless the board shows `enough` alerts of the tier already: of what is
    left to the newcomer, one that the staff leave alone. What nobody has at that moment, they may be about to take."""

    before: timedelta
    tier: Tier
    enough: int
    answers: Mapping[str, Any]
    left_alone: bool = False
    """The staff leave it to the newcomer."""


SCENES = (
    Scene(
        timedelta(hours=5),
        Tier.WITHIN_24H,
        1,
        {"wants_call": "yes", "free_text": "Could somebody ring me about my tablets?"},
        left_alone=True,
    ),
    Scene(timedelta(hours=3), Tier.WITHIN_24H, 2, {"fall": "yes"}),
    Scene(timedelta(minutes=100), Tier.WITHIN_24H, 3, {"cough": "new"}, left_alone=True),
    Scene(
        timedelta(minutes=75),
        Tier.SAME_DAY,
        1,
        {"temp": {"value": 38.4, "unit": "C"}, "feels_feverish": "yes"},
    ),
    Scene(timedelta(minutes=12), Tier.SAME_DAY, 2, {"pain_now": 7, "pain_controlled": "no"}, left_alone=True),
)

LAST = Scene(
    timedelta(),
    Tier.EMERGENCY,
    1,
    {"weakness": "new_or_worse", "weakness_where": ["one_leg"]},
    left_alone=True,
)
"""Played when all else is over, a minute before real time."""


def stage(driver: Driver, *, lands_at: datetime) -> None:
    for scene in SCENES:
        driver.at(max(driver.clock.now(), lands_at - scene.before), lambda scene=scene: play(driver, scene))  # type: ignore[misc]


def play(driver: Driver, scene: Scene) -> None:
    live = Alert.objects.filter(status__in=Alert.LIVE, tier=scene.tier)
    left = live.filter(status=Alert.Status.OPEN, owner=None, episode__in=driver.left_alone)
    if left.exists() if scene.left_alone else live.count() >= scene.enough:
        return
    episode = _chosen(driver, scene.tier)
    if episode is None:
        return
    phone = driver.phones[episode.patient.hospital_number]
    if scene.left_alone:
        driver.left_alone.add(episode.pk)
    now = driver.clock.now()
    answers = _calm(episode) | dict(scene.answers)
    note = Note(id=uuid4(), observed_at=now - timedelta(seconds=90), answers=answers)
    driver.count(phone.do(Deed(now, "send", (note,))))
    driver.catch_up()


def _chosen(driver: Driver, tier: Tier) -> Episode | None:
    """Somebody outside the roll of the settled for whom nothing as urgent is open, nothing at all if possible.

    Of these, whoever has known us longest.
    """
    now = driver.clock.now()
    active = Episode.objects.filter(status=Episode.Status.ACTIVE).select_related("patient")
    outside = [
        episode
        for episode in active.order_by("procedure_at")
        if episode.patient.hospital_number in driver.phones
        and not roll.is_settled(episode, now)
        and episode.hours_at(now) > 3
        and not roll.has_live(episode, tier)
    ]
    return min(outside, key=lambda episode: roll.has_live(episode, Tier.WITHIN_24H), default=None)


def _calm(episode: Episode) -> dict[str, Any]:
    return {
        "pain_now": 3,
        "pain_change": "same",
        "pain_where": ["treated_area"],
        "pain_controlled": "yes",
        **NOTHING_WRONG,
        "opioid_taken": "no",
        "mobility": "usual",
        "blood_thinner": "restarted" if "anticoagulant" in episode.risk_factors else "not_on",
    }
