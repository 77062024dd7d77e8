"""Whether what is remembered (recovery/audit) can be written, is bound in time, and is as it was written.

The chain shows by itself what was changed in its middle. That its end was cut off shows by the last seal, which is kept
with each look of the auditor, and written to the log each hour: whoever ships the log elsewhere has it there.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, transaction

from recovery import audit
from recovery.auditor.findings import Found
from recovery.models import AuditBatch, AuditEvent, AuditRun

log = logging.getLogger(__name__)

BOUND_WITHIN = timedelta(minutes=10)
"""The watch binds every ten seconds. What waits so long is held back by a transaction that does not end."""

AHEAD = timedelta(minutes=1)
"""Nobody's clock is so far ahead: a batch that is says nothing of when it was made."""

SHARE_S = 0.4
AT_ONCE = 10
SAID_EVERY = timedelta(hours=1)


def unwritable(now: datetime) -> list[Found]:
    """One event is written and taken back. While that fails nothing is done that has to be remembered, and looks stand
    in the log alone."""
    try:
        with transaction.atomic():
            audit.record(what="tried to write", now=now)
            transaction.set_rollback(True)
    except DatabaseError as error:
        log.error("the audit cannot be written: %s", type(error).__name__)
        return [Found("audit-unwritable", 0, None)]
    return []


def unbound(real: datetime) -> Iterator[Found]:
    last = AuditBatch.objects.order_by("-number").first()
    since = (
        last.made_at if last else AuditRun.objects.order_by("pk").values_list("started_at", flat=True).first()
    )
    if since is None or -AHEAD < real - since < BOUND_WITHIN:
        return
    waiting = AuditEvent.objects.all()
    if last is not None:
        waiting = waiting.filter(xact__gte=last.until_xact, pk__gt=last.after_id)
    if waiting.exists():
        yield Found("audit-unbound", 0, None)


def cut_off(head: Sequence[Any]) -> Iterator[Found]:
    """The last batch that an earlier look saw must still be there as it was."""
    number, seal = head[:2]
    if number and not AuditBatch.objects.filter(number=number, seal=seal).exists():
        yield Found("audit-cut-off", number, None)


def head_now(head: Sequence[Any], real: datetime) -> list[Any]:
    """What the next look compares with. An end that was cut off stays the one that is missed."""
    number, seal, said_at = head
    if any(cut_off(head)):
        return list(head)
    last = AuditBatch.objects.order_by("-number").first()
    if last is not None:
        number, seal = last.number, last.seal
    if number and (not said_at or real - datetime.fromisoformat(said_at) >= SAID_EVERY):
        log.info("audit: bound until batch %s, seal %s", number, seal)
        said_at = real.isoformat()
    return [number, seal, said_at]


def altered(came: list[int]) -> Iterator[Found]:
    """A share of the chain, from where the look before ended; `came` (last batch, times round) is moved on."""
    place, rounds = came
    ends_at = time.monotonic() + SHARE_S
    last = AuditBatch.objects.order_by("-number").values_list("number", flat=True).first() or 0
    if place >= last > 0:
        for _ in audit.uncounted():
            yield Found("audit-altered", 0, None)
        place, rounds = 0, rounds + 1
    while place < last:
        for flaw in audit.flaws_after(place, most=AT_ONCE):
            yield Found("audit-altered", flaw.batch or 0, None)
        place = min(place + AT_ONCE, last)
        if time.monotonic() > ends_at:
            break
    came[:] = [place, rounds]
