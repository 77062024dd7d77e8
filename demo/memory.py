"""What the database remembers of the story. Nothing else has to be kept: the rest follows from seed and calendar."""

from datetime import datetime
from typing import Any

from django.db import connection

from demo.world import Person
from recovery.models import Episode

_OWED = """
    SELECT EXISTS (SELECT FROM recovery_assessment WHERE flagged_at IS NULL AND set_aside_at IS NULL)
        OR EXISTS (SELECT FROM recovery_episode WHERE rejudge_from IS NOT NULL)
        OR EXISTS (SELECT FROM recovery_episode WHERE next_due_at <= %s)
"""

_NEXT_DUE = "SELECT min(next_due_at) FROM recovery_episode WHERE next_due_at <= %s"

_UNSENT = "SELECT EXISTS (SELECT FROM recovery_notification WHERE status IN ('waiting', 'sending'))"


def next_slot_closing(until: datetime) -> datetime | None:
    """The first slot that closes by then and has to be looked at by the watch."""
    due: datetime | None = _one(_NEXT_DUE, until)
    return due


def is_anything_owed(now: datetime) -> bool:
    """To the care team, by Celery or the watch; messages aside. One that failed for good is owed no more."""
    return bool(_one(_OWED, now))


def is_anything_unsent() -> bool:
    return bool(_one(_UNSENT))


def running_episode(person: Person) -> Episode | None:
    episodes = Episode.objects.filter(
        patient__hospital_number=person.hospital_number, clinic__name=person.clinic.name
    ).exclude(status=Episode.Status.ENDED)
    return episodes.select_related("clinic", "patient", "team").first()


def is_known(person: Person) -> bool:
    return Episode.objects.filter(
        patient__hospital_number=person.hospital_number, clinic__name=person.clinic.name
    ).exists()


def _one(statement: str, *parameters: datetime) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        (value,) = cursor.fetchone()
    return value
