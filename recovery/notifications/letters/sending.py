"""Sending letters that are due. A crash between sending and recording is uncertain: they go again, under the same
key."""

import logging
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta

from django.db import Error as DatabaseError

from recovery import sealing
from recovery.clinical.tiers import Tier
from recovery.models import Letter
from recovery.notifications.channels import Message, Permanent, Temporary
from recovery.notifications.claims import But
from recovery.notifications.database_clock import after
from recovery.notifications.letters.claims import Claim, claim_next
from recovery.notifications.lines import CHANNELS, Lines
from recovery.notifications.outcomes import back_off
from recovery.notifications.wording import KINDS

log = logging.getLogger(__name__)

TURN_S = 3.0
"""After this long a turn begins no further letter: alerts go first."""

Status = Letter.Status


def deliver_due(
    *,
    limit: int,
    now: datetime,
    only: str | None = None,
    lines: Lines | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> int:
    """Send up to `limit` letters that are due, `only` those of one channel. Returns how many it tried. A provider that
    is down ends the turn of its line alone; ends early when `stop` says so or when its time is up."""
    if lines is None:
        with closing(Lines()) as own:
            return deliver_due(limit=limit, now=now, only=only, lines=own, stop=stop)
    ends_at = time.monotonic() + TURN_S
    others = set() if only is None else CHANNELS.keys() - {only}
    down = set[str]()
    for done in range(limit):
        if stop() or time.monotonic() > ends_at:
            return done
        held = claim_next(now, but=But(channels=others, lines=down | lines.resting()))
        if held is None:
            return done
        if held.needed and _line_is_down(held, lines, now=now):
            down.add(held.line)
    return limit


def _line_is_down(held: Claim, lines: Lines, *, now: datetime) -> bool:
    """One attempt, up to its record."""
    channel = None
    try:
        channel = lines.channel(held.channel)
        letter = compose(held)
        channel.open(letter.to, held.keep)
        if not held.is_fresh() and not held.hold_on():
            channel.close()  # it stands ready for a letter that does not come
            return False
        provider_id = channel.send(letter, held.keep)
    except DatabaseError:
        raise  # nothing can be written down: the lease runs out
    except Permanent as refusal:
        log.error("letter %s cannot be delivered: %s", held.id, refusal.code)
        lines.worked(held.line)
        _ours(held, status=Status.FAILED, last_error=refusal.code, sealed_code="")
        return False
    except Temporary as fault:
        log.warning("letter %s not delivered yet: %s", held.id, fault.code)
        _again(held, fault.code, fault.not_before)
        if fault.line_down:
            lines.went_down(held.line)
        else:
            lines.worked(held.line)
        return fault.line_down
    except Exception as error:
        log.error("letter %s not delivered, unexpectedly: %s", held.id, type(error).__name__)
        if channel is not None:
            channel.close()
        _again(held, type(error).__name__[:100])
        return False
    lines.worked(held.line)
    _sent(held, provider_id=provider_id, now=now)
    return False


def compose(held: Claim) -> Message:
    """Raises Permanent when what was sealed cannot be read any more."""
    try:
        address = sealing.unseal(held.sealed_address) if held.sealed_address else held.address
        code = sealing.unseal(held.sealed_code) if held.sealed_code else ""
        secrets = tuple(sealing.unseal(held.sealed_secrets).split()) if held.sealed_secrets else ()
    except sealing.CannotUnseal:
        raise Permanent("secret-lost") from None
    wording = KINDS[held.kind]
    text, short, link = wording.fill(letter=held.uuid, code=code, detail=held.detail)
    return Message(
        key=held.uuid,
        to=address,
        tier=Tier.NONE,
        subject=wording.subject,
        text=text,
        short=short,
        links=(link,),
        kind=held.kind,
        code=code,
        secrets=secrets,
    )


def _sent(held: Claim, *, provider_id: str, now: datetime) -> None:
    """True even if our lease ran out over it, or it was cancelled meanwhile: it left."""
    left = Letter.objects.filter(pk=held.id, status__in=[*Letter.OWED, Status.DROPPED])
    left.update(status=Status.SENT, sent_at=now, provider_id=provider_id, last_error="", sealed_code="")


def _again(held: Claim, code: str, not_before: timedelta = timedelta()) -> None:
    wait = max(back_off(held.attempt), not_before)
    _ours(held, status=Status.WAITING, last_error=code, next_attempt_at=after(wait))


def _ours(held: Claim, **changes: object) -> None:
    """Unless somebody else has taken it over."""
    Letter.objects.filter(pk=held.id, status=Status.SENDING, attempts=held.attempt).update(**changes)
