"""The chain over the audit: the watch binds what was written into batches, each with a seal over its content and the
seal before it. Who changes, adds, removes or reorders a row later breaks a seal that they cannot make anew without the
service's key.

A batch is all rows of a range of transactions that have ended: it never grows, and no request waits for it. In a server
into which the database was restored the count of transactions may start anew; a bridge then closes the old count.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from recovery import clock, sealing, statements
from recovery.models import AuditBatch

LOCK = 0x5245_0027
LARGEST = 5_000
EVERY = timedelta(seconds=10)
END = 2**63 - 1
"""Beyond every id and every transaction."""

# Times as microseconds: how they are written would depend on the connection's zone.
_ROWS = """
    SELECT count(*), max(id), encode(sha256(convert_to(coalesce(string_agg(jsonb_build_array(
               id, clinic_id, (extract(epoch FROM at) * 1000000)::bigint, user_id, device_id, what, subject, subject_id,
               episode_id, request_id, browser, detail, xact)::text, E'\\n' ORDER BY id), ''), 'UTF8')), 'hex')
      FROM recovery_auditevent
     WHERE xact >= %(from_xact)s AND xact < %(until_xact)s AND id > %(after_id)s AND id <= %(up_to_id)s
"""
# Whatever runs still has a transaction at or beyond the horizon. Index: audit_by_xact.
_HORIZON = """
    SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
           (SELECT xact FROM recovery_auditevent
             WHERE xact >= %(from_xact)s AND id > %(after_id)s ORDER BY xact OFFSET %(largest)s LIMIT 1),
           EXISTS (SELECT FROM recovery_auditevent WHERE xact >= %(from_xact)s AND id > %(after_id)s)
"""
_BRIDGE = """
    SELECT greatest((SELECT max(id) FROM recovery_auditevent WHERE xact >= %(from_xact)s AND id > %(after_id)s),
                    (SELECT max(up_to_id) FROM recovery_auditbatch))
"""
# In one statement, of one instant: others write and bind meanwhile. A bridge at the end is counted with what follows.
_COUNTED = """
    SELECT (SELECT count(*) FROM recovery_auditevent), (SELECT sum(rows)::bigint FROM recovery_auditbatch),
           (SELECT count(*) FROM recovery_auditevent WHERE xact >= last.until_xact AND id > last.after_id)
      FROM recovery_auditbatch last
     WHERE last.number = (SELECT max(number) FROM recovery_auditbatch) AND last.until_xact <> %(end)s
"""


@dataclass(frozen=True, slots=True)
class Flaw:
    """What a verification found. `batch` is None for what lies in no batch."""

    batch: int | None
    what: str


def seal_owed(*, limit: int, now: datetime) -> int:
    """The watch's turn: bind what has been written since the last batch. Returns how many rows. One at a time: whoever
    comes second finds nothing to do."""
    bound = 0
    for _ in range(limit):
        with transaction.atomic():
            if not statements.fetch_all("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])[0][0]:
                return bound
            batch = _next(now)
            if batch is None:
                return bound
            batch.save(force_insert=True)
            bound += batch.rows
    return bound


def verify() -> Iterator[Flaw]:
    """Everything from the first batch on. Ends without a flaw when every row is as it was written."""
    yield from flaws_after(0)
    yield from uncounted()


def flaws_after(number: int, *, most: int | None = None) -> Iterator[Flaw]:
    """What is wrong with the batches after this one, `most` of them. One batch's rows are looked at at a time, in the
    database: nothing grows with the length of the chain."""
    before = AuditBatch.objects.filter(number=number).values_list("seal", flat=True).first() or ""
    later = AuditBatch.objects.filter(number__gt=number).order_by("number")
    for batch in (later if most is None else later[:most]).iterator(chunk_size=500):
        number += 1
        if batch.number != number:
            yield Flaw(batch.number, f"batch {number} is missing")
            number = batch.number
        [(rows, _, digest)] = statements.fetch_all(_ROWS, _range(batch))
        if rows != batch.rows:
            yield Flaw(number, f"{batch.rows} rows were bound, {rows} are there")
        elif digest != batch.digest:
            yield Flaw(number, "a row is not as it was written")
        if batch.seal not in _seals(batch, before):
            yield Flaw(number, "the seal is not ours: the batch was changed, or the key is known no more")
        before = batch.seal


def uncounted() -> Iterator[Flaw]:
    """Rows where no batch looks, or gone with their batch."""
    for there, bound, waiting in statements.fetch_all(_COUNTED, {"end": END}):
        if there != bound + waiting:
            yield Flaw(None, f"{there} rows are there, {bound + waiting} were written")


def _is_bridge(last: AuditBatch) -> bool:
    """Whether a batch closes the count of an earlier server: what follows it is counted anew."""
    return last.until_xact == END


def _next(now: datetime) -> AuditBatch | None:
    last = AuditBatch.objects.order_by("-number").first()
    if last is not None and timedelta() <= clock.real() - last.made_at < EVERY:
        return None  # one that lies ahead was made by a clock that is wrong, and puts nothing off
    batch = AuditBatch(
        number=last.number + 1 if last else 1,
        after_id=last.after_id if last else 0,
        up_to_id=END,
        from_xact=last.until_xact if last else 0,
        until_xact=END,
        made_at=clock.real(),
    )
    if last is not None and _is_bridge(last):  # after a bridge the new count begins
        batch.after_id, batch.from_xact = last.up_to_id, 0
    up_to_id = END
    place = {"from_xact": batch.from_xact, "after_id": batch.after_id}
    [(horizon, enough_at, is_owed)] = statements.fetch_all(_HORIZON, place | {"largest": LARGEST})
    if horizon < batch.from_xact:
        [(up_to_id,)] = statements.fetch_all(_BRIDGE, place)
    elif not is_owed:
        return None
    else:
        batch.until_xact = min(horizon, enough_at or horizon)
        if batch.until_xact <= batch.from_xact:
            return None
    [(batch.rows, last_id, batch.digest)] = statements.fetch_all(_ROWS, _range(batch))
    if not batch.rows and not _is_bridge(batch):
        return None
    batch.up_to_id = up_to_id if _is_bridge(batch) else last_id
    batch.seal = _seal(sealing.keys(SEALS)[0], batch, last.seal if last else "")
    return batch


SEALS = b"recovery: audit chain"


def _range(batch: AuditBatch) -> dict[str, int]:
    return {name: getattr(batch, name) for name in ("from_xact", "until_xact", "after_id", "up_to_id")}


def _seals(batch: AuditBatch, before: str) -> list[str]:
    """What its seal can be: under the key of today, or one of before."""
    return [_seal(key, batch, before) for key in sealing.keys(SEALS)]


def _seal(key: bytes, batch: AuditBatch, before: str) -> str:
    content = json.dumps([before, batch.number, _range(batch), batch.rows, batch.digest], sort_keys=True)
    return hmac.digest(key, content.encode(), hashlib.sha256).hex()
