"""Sending what was planned: claim, send, record. No transaction is open while a provider is spoken to. A crash between
sending and recording is uncertain: the lease runs out and the message goes again, under the same key."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime

from django.db import Error as DatabaseError

from recovery.notifications import Road, claims, message, outcomes
from recovery.notifications.channels import Permanent, Temporary
from recovery.notifications.claims import But, Claim
from recovery.notifications.lines import CHANNELS, Lines

log = logging.getLogger(__name__)

TURN_S = 5.0
"""After this long a turn of deliver_due begins no further message: what is owed elsewhere waits as well."""


class LineDown(Exception):
    """The provider itself is down: other messages of its line would fare no better now."""


def deliver(*, notification_id: int, road: Road, now: datetime, lines: Lines | None = None) -> bool:
    """Send the message that this notification is part of. False when there was nothing to do, or it could not be sent:
    what is still owed then is found by its due time."""
    with _kept(lines) as kept:
        held = claims.claim(notification_id, but=But(lines=kept.resting()))
        try:
            return held is not None and _send(held, kept, road=road, now=now)
        except LineDown:
            return False


def deliver_due(
    *,
    limit: int,
    road: Road,
    now: datetime,
    fresh: bool = False,
    only: str | None = None,
    lines: Lines | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Send up to `limit` messages that are due, the most urgent first, over shared lines. Returns how many it tried.

    With `fresh` also those that are still left to a nudge; `only` those of one channel. Ends early when `stop` says so
    or when its time is up. A provider that is down ends the turn of its line alone: the rest keeps. Any number of these
    may run at once.
    """
    ends_at = time.monotonic() + TURN_S
    others = set() if only is None else CHANNELS.keys() - {only}
    down = set[str]()
    with _kept(lines) as kept:
        for done in range(limit):
            if stop() or time.monotonic() > ends_at:
                return done
            held = claims.claim_next(fresh=fresh, but=But(channels=others, lines=down | kept.resting()))
            if held is None:
                return done
            try:
                _send(held, kept, road=road, now=now)
            except LineDown:
                down.add(held.line)
    return limit


def _send(held: Claim, lines: Lines, *, road: Road, now: datetime) -> bool:
    """One attempt, from the open line to its record. Raises LineDown once that is recorded."""
    if not held.intents:
        return False  # nobody needs it any more
    channel = None
    try:
        channel = lines.channel(held.channel)
        channel.open(held.intents[0].to, held.keep)
        if not held.is_fresh():
            held.look_again()
        if not held.intents:
            channel.close()  # it stands ready for a message that does not come
            return False
        provider_id = channel.send(message.compose(held.intents), held.keep)
    except DatabaseError:
        raise  # nothing can be written down: the lease runs out
    except Permanent as refusal:
        log.error("notification %s cannot be delivered: %s", held.ids[0], refusal.code)
        lines.worked(held.line)
        outcomes.failed_for_good(held, code=refusal.code, now=now)
        return False
    except Temporary as fault:
        log.warning("notification %s not delivered yet: %s", held.ids[0], fault.code)
        outcomes.failed_for_now(held, code=fault.code, not_before=fault.not_before)
        if fault.line_down:
            lines.went_down(held.line)
            raise LineDown from None
        lines.worked(held.line)
        return False
    except Exception as error:
        log.error("notification %s not delivered, unexpectedly: %s", held.ids[0], type(error).__name__)
        if channel is not None:
            channel.close()  # whatever was being said on it
        outcomes.failed_for_now(held, code=type(error).__name__[:100])
        return False
    lines.worked(held.line)
    outcomes.sent(held, provider_id=provider_id, road=road, now=now)
    return True


@contextmanager
def _kept(lines: Lines | None) -> Iterator[Lines]:
    """Lines that outlive this call, or some for this call alone."""
    if lines is not None:
        yield lines
    else:
        with closing(Lines()) as own:
            yield own
