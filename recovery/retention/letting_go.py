"""The watch's turn: so many rows of one kind, in one transaction, written down with their number."""

from datetime import datetime, timedelta

from django.db import transaction

from recovery import audit, statements
from recovery.retention.kinds import KINDS

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


@transaction.atomic
def let_go_due(*, now: datetime) -> int:
    """One batch of the kind that has been due for longest. Returns how many rows went."""
    due = statements.fetch_one(_DUE, {"now": now})
    if due is None:
        return 0
    kind = KINDS.get(due[0])
    rows = (
        statements.fetch_all(_LET_GO, {"kind": kind.name, "now": now, "days": kind.days, "most": BATCH})
        if kind
        else []
    )
    gone: int = sum(count for _, count in rows)
    for clinic, count in rows:
        audit.record(what=f"let go {due[0]}", now=now, clinic=clinic, rows=count)
    is_done = gone < BATCH
    statements.fetch_all(
        _LOOKED,
        {
            "kind": due[0],
            "now": now,
            "next_at": now + EVERY if is_done else now,
            "gone": gone,
            "is_done": is_done,
        },
    )
    return gone
