"""That a clinician has written to a patient, told where they are reminded: that there is something to read, no more."""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from recovery import sealing
from recovery.models import Alert, Preferences
from recovery.notifications import letters
from recovery.reminders.schedule import wishes_of
from recovery.reminders.wishes import NEWS, of_episode

log = logging.getLogger(__name__)

USEFUL_FOR = timedelta(days=3)


def tell(alert: Alert, *, now: datetime) -> None:
    """Once for each alert, not in quiet hours. Who is reminded in the app reads it there. That it cannot be told keeps
    nobody from closing the alert."""
    try:
        with transaction.atomic():
            _tell(alert, now=now)
    except Exception as error:
        log.error("the patient of alert %s is not told of an answer: %s", alert.pk, type(error).__name__)


def _tell(alert: Alert, *, now: datetime) -> None:
    episode = alert.episode
    row = of_episode(episode)
    if row.channel not in Preferences.ADDRESSED:
        return
    due_at = wishes_of(row, episode.time_zone).after_quiet(now)
    to = letters.To.patient(episode, channel=row.channel, address=sealing.unseal(row.sealed_address))
    letters.plan(
        NEWS, key=str(alert.uuid), clinic=alert.clinic, to=to, due_at=due_at, expires_at=due_at + USEFUL_FOR
    )
