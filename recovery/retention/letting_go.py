"""The watch's turn: so many rows of one kind, in one transaction, written down with their number."""

import logging
from datetime import datetime, timedelta

from django.db import DatabaseError, transaction

from recovery import audit, statements
from recovery.retention.kinds import KINDS

log = logging.getLogger(__name__)

BATCH = 500
"""Rows of one turn: they are locked for a moment, and nobody waits for them."""

EVERY = timedelta(hours=1)

_BEGIN = """
    INSERT INTO recovery_retentionturn (kind, next_at, gone)
    SELECT kind, %(now)s, 0 FROM unnest(%(kinds)s::text[]) AS kind
        ON CONFLICT (kind) DO NOTHING RETURNING kind
"""
# Of several watches each takes another kind. Index: retention_due.
_DUE = """
    SELECT kind FROM recovery_retentionturn WHERE next_at <= %(now)s
     ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED
"""
_LET_GO = "SELECT clinic, gone FROM recovery_let_go(%(kind)s, %(now)s, %(days)s::integer, %(most)s::integer)"
_LOOKED = """
    UPDATE recovery_retentionturn SET next_at = %(next_at)s, looked_at = %(now)s, gone = gone + %(gone)s,
           oldest_at = CASE WHEN %(is_done)s THEN recovery_oldest_kept(%(kind)s) ELSE oldest_at END
     WHERE kind = %(kind)s RETURNING kind
"""


def begin(*, now: datetime) -> None:
    """Every kind has its turn. Done again it changes nothing."""
    statements.fetch_all(_BEGIN, {"now": now, "kinds": list(KINDS)})


_PUT_OFF = "UPDATE recovery_retentionturn SET next_at = %(next_at)s WHERE kind = %(kind)s RETURNING kind"


def let_go_due(*, now: datetime) -> int:
    """One batch of the kind that has been due for longest. Returns how many rows went.

    A kind with which the database cannot come to an end is put off: else it would be the first at each turn, keep every
    other kind, and have the watch wait for it again and again. Raises what the database said, when that is written.
    """
    gone, failed = 0, None
    with transaction.atomic():
        due = statements.fetch_one(_DUE, {"now": now})
        if due is None:
            return 0
        try:
            with transaction.atomic():
                gone = _let_go(due[0], now)
        except DatabaseError as error:
            log.error("%s could not be let go: %s; tried again in an hour", due[0], type(error).__name__)
            statements.fetch_all(_PUT_OFF, {"kind": due[0], "next_at": now + EVERY})
            failed = error
    if failed is not None:
        raise failed
    return gone


def _let_go(name: str, now: datetime) -> int:
    kind = KINDS.get(name)
    rows = (
        statements.fetch_all(_LET_GO, {"kind": kind.name, "now": now, "days": kind.days, "most": BATCH})
        if kind
        else []
    )
    gone: int = sum(count for _, count in rows)
    for clinic, count in rows:
        audit.record(what=f"let go {name}", now=now, clinic=clinic, rows=count)
    is_done = gone < BATCH
    next_at = now + EVERY if is_done else now
    looked = {"kind": name, "now": now, "next_at": next_at, "gone": gone, "is_done": is_done}
    statements.fetch_all(_LOOKED, looked)
    return gone
