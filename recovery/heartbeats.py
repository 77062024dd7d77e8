"""A row that each program has to drain every few seconds, and counts that outlive a process.

A process that exists may be deaf, stuck or cut off from the database. Who drained a row a moment ago is neither.
"""

import logging
import threading
import time

from recovery import statements

log = logging.getLogger(__name__)

EVERY_S = 5.0
"""A program drains its row this often."""

FRESH_S = 30.0
"""Who has not drained its row for longer is not at work, whatever the process list says."""

# Of several copies of a program one drains the row; the others find that nothing is owed.
_DRAIN = """
    INSERT INTO recovery_heartbeat (program, due_at, drained_at)
    VALUES (%(program)s, clock_timestamp() + %(every)s * interval '1 second', clock_timestamp())
        ON CONFLICT (program) DO UPDATE SET due_at = excluded.due_at, drained_at = excluded.drained_at
     WHERE recovery_heartbeat.due_at <= clock_timestamp()
 RETURNING program
"""
_ADD = """
    INSERT INTO recovery_tally (what, count, last_at) VALUES (%(what)s, %(number)s, clock_timestamp())
        ON CONFLICT (what) DO UPDATE SET count = recovery_tally.count + excluded.count, last_at = excluded.last_at
 RETURNING what
"""

_next_at: dict[str, float] = {}
_lock = threading.Lock()


def drain(program: str) -> None:
    """To be called by a program at each turn that it finished. Asks the database every few seconds; never raises."""
    with _lock:
        if time.monotonic() < _next_at.get(program, 0.0):
            return
        _next_at[program] = time.monotonic() + EVERY_S
    try:
        statements.fetch_all(_DRAIN, {"program": program, "every": EVERY_S * 0.9})
    except Exception as error:
        log.warning("%s could not drain its heartbeat: %s", program, type(error).__name__)


def forget(program: str) -> None:
    """That this process asked a moment ago: it asks again at once."""
    with _lock:
        _next_at.pop(program, None)


WRONG_CODES = "wrong-codes"


def count(what: str, number: int = 1) -> None:
    """Add to what is counted over all processes. Never raises: nothing depends on it but a figure."""
    try:
        statements.fetch_all(_ADD, {"what": what, "number": number})
    except Exception as error:
        log.warning("%s could not be counted: %s", what, type(error).__name__)
