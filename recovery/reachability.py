"""Whether people can be reached: who has a working channel, and whether somebody of a team who has one is on call."""

from collections.abc import Collection
from datetime import datetime, timedelta

from recovery import statements

ANSWER_WITHIN = timedelta(hours=20)
"""A test message that nobody answered for this long has found a channel that does not work: shown within a day (O13)."""

PROOF_HOLDS = timedelta(days=40)
"""Tests are monthly. What nobody has answered for longer is not known to work."""

_WORKING = """
    SELECT DISTINCT c.user_id
      FROM recovery_contact c
     WHERE c.clinic_id = %(clinic)s AND c.user_id = ANY(%(users)s::bigint[])
       AND c.ended_at IS NULL AND c.verified_at IS NOT NULL
       AND greatest(c.verified_at, c.answered_at) > %(proved_after)s
       AND (c.tested_at IS NULL OR c.answered_at >= c.tested_at OR c.tested_at > %(tested_after)s)
"""


def reachable(user_ids: Collection[int], *, clinic_id: int, now: datetime) -> set[int]:
    """Who of these people has a working channel in this clinic: an address that was verified, and whose last test
    message was answered or may still be. The e-mail that somebody signs in with was never verified and is none."""
    parameters = {
        "clinic": clinic_id,
        "users": sorted(set(user_ids)),
        "proved_after": now - PROOF_HOLDS,
        "tested_after": now - ANSWER_WITHIN,
    }
    return {user_id for (user_id,) in statements.fetch_all(_WORKING, parameters)}
