"""The browsers in which somebody is signed in. One that is ended here is signed out at its next request, open pages
included: an open page asks every few seconds.

Times are real ones, also in the demo: they are about a person before a screen, not about a patient's recovery.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.auth import SESSION_KEY

from recovery import asking, statements
from recovery.models import StaffSession, User

IDLE = timedelta(minutes=15)
"""After so long without a deed of theirs somebody is signed out. An open page that asks by itself is no deed."""

LONGEST = timedelta(hours=12)
"""So long after signing in it is asked again who they are, whatever they do."""

ASKED_AGAIN_AFTER = timedelta(minutes=5)
"""Before a change for which a moment at a desk that was left must not be enough."""

NOTED_EVERY = timedelta(seconds=30)
"""So exactly it is known when somebody last did something: a write for each page would cost more than it tells."""


SECOND_FACTOR = "second_factor_of"
"""In a session: who has given their second factor in it."""


def is_whole(session: Mapping[str, Any]) -> bool:
    """Whether somebody is signed in by it who gave both factors. A password alone opens the page that asks for the
    second and no other."""
    return session.get(SESSION_KEY) is not None and session.get(SECOND_FACTOR) == session.get(SESSION_KEY)


def is_over(session: StaffSession, now: datetime) -> bool:
    return now >= session.seen_at + IDLE or now >= session.began_at + LONGEST


def is_fresh(session: StaffSession, now: datetime) -> bool:
    return now < session.began_at + ASKED_AGAIN_AFTER


def named(name: str, now: datetime) -> StaffSession | None:
    """The one that stands under this name (recovery/asking.py), unless its longest time is over."""
    return StaffSession.objects.filter(session_key=name, expire_date__gt=now).first() if name else None


def noted(*, name: str, seen_at: datetime, now: datetime) -> bool:
    """Note that they did something just now. False: it was noted a moment ago, or the session was ended meanwhile."""
    if now < seen_at + NOTED_EVERY:
        return False
    return bool(StaffSession.objects.filter(session_key=name).update(seen_at=now))


def of(user: User, now: datetime) -> list[StaffSession]:
    """Those that are alive, the one used last first."""
    rows = StaffSession.objects.filter(user=user, seen_at__gt=now - IDLE, began_at__gt=now - LONGEST)
    return list(rows.order_by("-seen_at", "-began_at"))


def end(*, user: User, session_id: UUID, now: datetime) -> bool:
    """Sign one of their browsers out. False: it was no more, or it is not theirs."""
    return bool(
        _end(
            "session.user_id = %(user)s AND session.uuid = %(id)s", now, user=user.pk, id=session_id, by=user
        )
    )


def end_all(*, user: User, now: datetime, but: str | None = None, by: User | None = None) -> int:
    """Sign all their browsers out, except the one with this key. `by` is who does it; None: they themselves."""
    others = "session.user_id = %(user)s AND session.session_key <> %(but)s"
    return _end(others, now, user=user.pk, but=asking.name_for(but), by=by or user)


def end_if_over(*, name: str, real: datetime, now: datetime) -> None:
    """It has come to one of its limits, by the real time."""
    _end("session.session_key = %(name)s", now, name=name, real=real)


def forget_ended(*, real: datetime, now: datetime) -> int:
    """Delete what can come back no more, of whomever."""
    return _end("session.expire_date < %(real)s", now, real=real)


# Who ended it, why, and which session by its word, in one statement for all of them. Nobody's is nobody's business. One
# that a program of the release before began stands under its key; its word is that of the name which it would have.
_END = """
    WITH gone AS (
        DELETE FROM recovery_staffsession session WHERE {where} RETURNING user_id, session_key, seen_at, began_at
    ), noted AS MATERIALIZED (
        SELECT recovery_remember_account('session ended', %(now)s::timestamptz, %(by)s::bigint, user_id, NULL,
               %(request_id)s::text,
               left(CASE WHEN length(session_key) = 32 THEN encode(sha256(convert_to(session_key, 'UTF8')), 'hex')
                         ELSE session_key END, 16),
               jsonb_build_object('why',
                      CASE WHEN %(real)s::timestamptz IS NULL THEN 'revoked'
                           WHEN seen_at + %(idle)s::interval <= %(real)s::timestamptz THEN 'idle'
                           ELSE 'longest' END), NULL)
          FROM gone WHERE user_id IS NOT NULL
    )
    SELECT (SELECT count(*) FROM gone), (SELECT count(*) FROM noted)
"""


def _end(
    where: str, now: datetime, *, by: User | None = None, real: datetime | None = None, **given: Any
) -> int:
    request = asking.now()
    told = {
        "now": now, "by": by.pk if by else None, "real": real, "idle": IDLE, "request_id": request.request_id,
    }  # fmt: skip
    [(ended, whose)] = statements.fetch_all(_END.format(where=where), told | given)
    if whose:
        request.deeds.append("session ended")
    return int(ended)
