"""Who did what, when. No clinical values and no names: objects are named by their public id."""

from datetime import datetime
from typing import Any

from django.db import models

from recovery import asking
from recovery.models import AuditEvent, Clinic, DeviceToken, Episode, User


def record(
    *,
    what: str,
    now: datetime,
    clinic: Clinic | int | None = None,
    user: User | None = None,
    device: DeviceToken | None = None,
    subject: models.Model | None = None,
    **detail: Any,
) -> None:
    """Append one event. Called inside the transaction of what it tells: what cannot be recorded does not happen.
    `clinic` may be its key."""
    request = asking.now()
    AuditEvent.objects.create(
        what=what,
        at=now,
        clinic_id=clinic.pk if isinstance(clinic, Clinic) else clinic,
        user=user,
        device=device,
        subject=subject._meta.model_name or "" if subject else "",
        subject_id=getattr(subject, "uuid", None),
        episode_id=_episode_of(subject, device),
        request_id=request.request_id,
        browser=request.browser,
        detail=detail,
    )


def _episode_of(subject: models.Model | None, device: DeviceToken | None) -> int | None:
    """Whose recovery it is about, where it is about one."""
    if isinstance(subject, Episode):
        return subject.pk
    about: int | None = getattr(subject, "episode_id", None)
    return about if about is not None or device is None else device.episode_id
