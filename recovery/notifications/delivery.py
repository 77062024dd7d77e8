"""Sending what was planned: claim, send, record. No transaction is open while a provider is spoken to. A crash between
sending and recording is uncertain: the lease runs out and the message goes again, under the same key."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import Error as DatabaseError

from recovery.models import Notification
from recovery.notifications import Road, claims, message, outcomes
from recovery.notifications.channels import Channel, Permanent, Temporary
from recovery.notifications.channels.email import Email
from recovery.notifications.claims import Claim

log = logging.getLogger(__name__)

CHANNELS: dict[str, type[Channel]] = {"email": Email}

TURN_S = 5.0
"""After this long a turn of deliver_due begins no further message: what is owed elsewhere waits as well."""

Lines = Callable[[str], Channel]


def deliver(*, notification_id: int, road: Road, now: datetime) -> bool:
    """Send the message that this notification is part of. False when there was nothing to do, or it could not be sent:
    what is still owed then is found by its due time."""
    held = claims.claim(notification_id)
    if held is None:
        return False
    with _lines() as lines:
        try:
            return _send(held, lines, road=road, now=now)
        except Temporary:
            return False


def deliver_due(*, limit: int, road: Road, now: datetime, stop: Callable[[], bool] = lambda: False) -> int:
    """Send up to `limit` messages that are due, the most urgent first, over shared lines. Returns how many it tried.

    Ends early when `stop` says so, when its time is up, or when a provider is down: the rest keeps. Any number of these
    may run at once.
    """
    ends_at = time.monotonic() + TURN_S
    with _lines() as lines:
        for done in range(limit):
            if stop() or time.monotonic() > ends_at or (held := claims.claim_due()) is None:
                return done
            try:
                _send(held, lines, road=road, now=now)
            except Temporary:
                return done + 1
    return limit


def _send(held: Claim, lines: Lines, *, road: Road, now: datetime) -> bool:
    """One attempt, from the open line to its record. Raises Temporary, recorded, when the provider itself is down."""
    try:
        line = lines(held.channel)
        line.open()
        intents = claims.still_needed(held)
        if len(intents) < len(held.ids):
            outcomes.dropped(held, but=intents)
        return bool(intents) and _hand_over(held, intents, line, road=road, now=now)
    except DatabaseError:
        raise  # nothing can be written down: the lease runs out
    except Temporary as fault:
        log.warning("notification %s not delivered yet: %s", held.ids[0], fault.code)
        outcomes.failed_for_now(held, code=fault.code)
        if fault.line_down:
            raise
    except Exception as error:
        log.error("notification %s not delivered, unexpectedly: %s", held.ids[0], type(error).__name__)
        outcomes.failed_for_now(held, code=type(error).__name__[:100])
    return False


def _hand_over(held: Claim, intents: list[Notification], line: Channel, *, road: Road, now: datetime) -> bool:
    try:
        provider_id = line.send(message.compose(intents))
    except Permanent as refusal:
        log.error("notification %s cannot be delivered: %s", held.ids[0], refusal.code)
        outcomes.failed_for_good(held, intents, code=refusal.code, now=now)
        return False
    outcomes.sent(held, intents, provider_id=provider_id, road=road, now=now)
    return True


@contextmanager
def _lines() -> Iterator[Lines]:
    """One line per channel, made when first asked for, closed at the end."""
    made: dict[str, Channel] = {}

    def line(channel: str) -> Channel:
        if channel not in made:
            made[channel] = CHANNELS[channel]()
        return made[channel]

    try:
        yield line
    finally:
        for channel in made.values():
            channel.close()
