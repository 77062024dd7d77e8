"""Who was told of an alert, where, and how far each message came: queued, sent, delivered, taken on, each apart."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from recovery.dashboard.screens.place import Clock
from recovery.models import Alert, Notification

SHOWN, MOST = 8, 60
"""The newest messages at once, and those behind a fold."""

Status = Notification.Status
Channel = Notification.Channel


@dataclass(frozen=True, slots=True)
class Stage:
    """`words` is when, or why not; empty when it has not come to that."""

    name: str
    words: str
    reached: bool


@dataclass(frozen=True, slots=True)
class Told:
    """One colleague, one contact and one message."""

    name: str
    where: str
    why: str
    stages: list[Stage]
    failed: str
    dropped: bool


@dataclass(frozen=True, slots=True)
class Telling:
    newest: list[Told]
    earlier: list[Told]
    more: bool

    def __bool__(self) -> bool:
        return bool(self.newest)

    @property
    def tag(self) -> str:
        """Turns whenever something else is to be read."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


def telling_of(alert: Alert, clock: Clock) -> Telling:
    """In one statement."""
    found = alert.notifications.select_related("recipient", "contact").order_by("-planned_at", "-pk")[
        : MOST + 1
    ]
    rows = [_told(row, alert, clock) for row in found]
    return Telling(rows[:SHOWN], rows[SHOWN:MOST], more=len(rows) > MOST)


def _told(row: Notification, alert: Alert, clock: Clock) -> Told:
    return Told(
        name=row.recipient.name,
        where=_where(row),
        why=_why(row.step),
        stages=_stages(row, alert, clock),
        failed=f"Could not be sent ({row.last_error})" if row.status == Status.FAILED else "",
        dropped=row.status == Status.DROPPED,
    )


def _stages(row: Notification, alert: Alert, clock: Clock) -> list[Stage]:
    """A mail server says no more than that it took a mail; a receiver of webhooks is the person's own."""
    sent_at = row.sent_at
    delivered_at = sent_at if row.channel == Channel.WEBHOOK else row.delivered_at
    delivered = _at(delivered_at, clock)
    if sent_at is not None and delivered_at is None:
        delivered = "mail servers do not say" if row.channel == Channel.EMAIL else "not confirmed yet"
    has_it = alert.owner_id == row.recipient_id
    taken_at = (alert.taken_over_at or alert.acknowledged_at) if has_it else None
    return [
        Stage("Queued", _at(row.planned_at, clock), True),
        Stage("Sent", _at(sent_at, clock) or _trouble(row), sent_at is not None),
        Stage("Delivered", delivered, delivered_at is not None),
        Stage("Taken on", _at(taken_at, clock), taken_at is not None),
    ]


def _trouble(row: Notification) -> str:
    if row.status in {Status.FAILED, Status.DROPPED}:
        return "no"
    if row.last_error:
        times = "once" if row.attempts == 1 else f"{row.attempts} times"
        return f"tried {times} ({row.last_error})"
    return "is being sent" if row.status == Status.SENDING else "waits"


def _at(instant: datetime | None, clock: Clock) -> str:
    return clock.moment(instant) if instant is not None else ""


def _where(row: Notification) -> str:
    """Enough to know it again: colleagues need not read each other's private addresses."""
    if row.contact is None:
        return "e-mail that they sign in with"
    address = row.contact.address
    match row.channel:
        case Channel.EMAIL:
            return f"e-mail, @{address.rpartition('@')[2]}"
        case Channel.SMS:
            return f"text message, …{address[-3:]}"
    return f"webhook, {urlsplit(address).hostname}"


def _why(step: str) -> str:
    """The first word of a step says what it was for."""
    first = step.partition("-")[0]
    return {
        "raised": "it was raised",
        "repeat": "it was reported again",
        "asked": "they were asked to take it",
        "step": "nobody had taken it on",
        "reminded": "no contact was recorded",
    }.get(first, "")
