"""Who did what, when. No clinical values and no names: objects are named by their public id."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import models

from recovery import asking, statements, tenancy
from recovery.models import AuditEvent, Clinic, DeviceToken, Episode, User

Named = tuple[str, UUID | None, int | None]
"""An object: its kind, its public id, and the key of the recovery that it is about."""

# By a function of the owner's: those clinics need not be in reach (docs/adr/0031-the-second-wall.md).
_ABOUT = """
    SELECT recovery_remember_account(%(what)s::text, %(now)s::timestamptz, %(by)s::bigint, %(user)s::bigint,
           %(email)s::text, %(request_id)s::text, %(browser)s::text, %(detail)s::jsonb, %(not_since)s::timestamptz)
"""


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
    request, clinic_id = asking.now(), clinic.pk if isinstance(clinic, Clinic) else clinic
    kind, subject_id, episode_id = _named(subject)
    with tenancy.at_least(clinic_id):
        AuditEvent.objects.create(
            what=what,
            at=now,
            clinic_id=clinic_id,
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
            "not_since": None if at_most_every is None else now - at_most_every,
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
