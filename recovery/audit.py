"""Who did what, when. No clinical values and no names: objects are named by their public id."""

from datetime import datetime
from typing import Any

from django.db import models

from recovery.models import AuditEvent, Clinic, DeviceToken, User


def record(
    *,
    what: str,
    now: datetime,
    clinic: Clinic | None = None,
    user: User | None = None,
    device: DeviceToken | None = None,
    subject: models.Model | None = None,
    **detail: Any,
) -> None:
    """Append one event. Called inside the transaction of what it tells: what cannot be recorded does not happen."""
    AuditEvent.objects.create(
        what=what,
        at=now,
        clinic=clinic,
        user=user,
        device=device,
        subject=subject._meta.model_name or "" if subject else "",
        subject_id=getattr(subject, "uuid", None),
        detail=detail,
    )
