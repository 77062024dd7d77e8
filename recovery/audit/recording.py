"""Who did what, when. No clinical values and no names: objects are named by their public id."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import models

from recovery import asking, statements
from recovery.models import AuditEvent, Clinic, DeviceToken, Episode, User

Named = tuple[str, UUID | None, int | None]
"""An object: its kind, its public id, and the key of the recovery that it is about."""

CLINICS_OF = """
    LATERAL (
        SELECT t.clinic_id FROM recovery_membership m JOIN recovery_careteam t ON t.id = m.team_id
         WHERE m.user_id = {user} AND (m.ended_at IS NULL OR NOT EXISTS (
             SELECT FROM recovery_membership o WHERE o.user_id = {user} AND o.ended_at IS NULL))
         UNION
        SELECT o.clinic_id FROM recovery_oversight o
         WHERE o.user_id = {user} AND o.ended_at IS NULL AND o.clinic_id IS NOT NULL
    )"""
"""Where somebody works now, or did when they left."""

_ABOUT = f"""
    INSERT INTO recovery_auditevent (clinic_id, at, user_id, what, subject, subject_id, request_id, browser, detail)
    SELECT home.clinic_id, %(now)s::timestamptz, %(by)s::bigint, %(what)s::text,
           CASE WHEN account.id IS NULL THEN '' ELSE 'user' END,
           account.uuid, %(request_id)s::text, %(browser)s::text, %(detail)s::jsonb
      FROM (SELECT 1) one
      LEFT JOIN recovery_user account ON account.id = %(user)s::bigint OR lower(account.email) = lower(%(email)s::text)
      LEFT JOIN {CLINICS_OF.format(user="account.id")} home ON true
     WHERE NOT EXISTS (
           SELECT FROM recovery_auditevent before
            WHERE before.at > %(not_since)s::timestamptz AND before.what = %(what)s::text
              AND before.subject_id IS NOT DISTINCT FROM account.uuid
              AND (before.clinic_id = home.clinic_id OR before.clinic_id IS NULL AND home.clinic_id IS NULL))
 RETURNING id
"""  # nosec B608  (a text of ours)


def record(
    *,
    what: str,
    now: datetime,
    clinic: Clinic | int | None = None,
    user: User | None = None,
    device: DeviceToken | None = None,
    subject: models.Model | Named | None = None,
    **detail: Any,
) -> None:
    """Append one event. Called inside the transaction of what it tells: what cannot be recorded does not happen.
    `clinic` may be its key."""
    request = asking.now()
    kind, subject_id, episode_id = _named(subject)
    AuditEvent.objects.create(
        what=what,
        at=now,
        clinic_id=clinic.pk if isinstance(clinic, Clinic) else clinic,
        user=user,
        device=device,
        subject=kind,
        subject_id=subject_id,
        episode_id=episode_id or (device.episode_id if device else None),
        request_id=request.request_id,
        browser=request.browser,
        detail=detail,
    )
    request.deeds.append(what)


def record_account(
    *,
    what: str,
    now: datetime,
    user: User | None = None,
    email: str | None = None,
    by: User | None = None,
    browser: str | None = None,
    at_most_every: timedelta | None = None,
    **detail: Any,
) -> None:
    """Append what happened to somebody's account: once in each clinic that they work for, whose auditor reads it there.

    `email` in place of `user`: what was typed, by whoever it was. Of an address that nobody has, the same statement
    writes one event that names no account. `by` is who did it; None: nobody who is known.
    """
    request = asking.now()
    statements.fetch_all(
        _ABOUT,
        {
            "what": what,
            "now": now,
            "user": user.pk if user else None,
            "email": email,
            "by": by.pk if by else None,
            "request_id": request.request_id,
            "browser": request.browser if browser is None else browser,
            "detail": json.dumps(detail),
            "not_since": now if at_most_every is None else now - at_most_every,
        },
    )
    request.deeds.append(what)


def _named(subject: models.Model | Named | None) -> Named:
    if subject is None:
        return "", None, None
    if isinstance(subject, tuple):
        return subject
    episode_id = subject.pk if isinstance(subject, Episode) else getattr(subject, "episode_id", None)
    return subject._meta.model_name or "", getattr(subject, "uuid", None), episode_id
