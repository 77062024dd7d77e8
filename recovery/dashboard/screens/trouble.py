"""Colleagues who could not be told. An alert that reached nobody's mailbox must at least be seen here."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from recovery import access
from recovery.dashboard.wording import counted
from recovery.models import Notification, User

LATE = timedelta(minutes=5)
"""A message that has waited this long is late. The team's first step after an emergency alert is due by then."""

S = Notification.Status


@dataclass(frozen=True, slots=True)
class Trouble:
    """One sentence of the banner."""

    words: str


def troubles_of(user: User, now: datetime) -> list[Trouble]:
    """Who could not be told of live alerts, and whose messages are late. One query."""
    late = Q(notifications__status__in=[S.WAITING, S.SENDING], notifications__planned_at__lt=now - LATE)
    live = access.alerts(user).live().filter(Q(notifications__status=S.FAILED) | late)
    rows = live.values_list("notifications__recipient__name", "notifications__status", "uuid").distinct()
    failed, waiting = Counter[str](), Counter[str]()
    for name, status, _ in rows:
        (failed if status == S.FAILED else waiting)[name] += 1
    return [
        Trouble(f"{name} could not be told of {counted(number, 'alert', 'alerts')} by e-mail.")
        for name, number in sorted(failed.items())
    ] + [
        Trouble(f"{name} has not been told of {counted(number, 'alert', 'alerts')} yet: the e-mail is late.")
        for name, number in sorted(waiting.items())
    ]
