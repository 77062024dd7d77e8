"""Each change is an event of the recovery, with the name for colleagues, and one of the audit, which holds none."""

from datetime import datetime
from typing import Any

from recovery import audit
from recovery.models import Caregiver, DeviceToken, EpisodeEvent, User

GRANTED, SCOPED, NEW_CODE = "let a caregiver help", "changed a caregiver's scope", "issued a caregiver's code"
ENDED, LEFT = "ended a caregiver's consent", "caregiver stopped helping"

CHANGES = frozenset({GRANTED, SCOPED, NEW_CODE, ENDED, LEFT})


def remember(
    caregiver: Caregiver,
    *,
    what: str,
    now: datetime,
    by: User | None = None,
    on: DeviceToken | None = None,
    reason: str = "",
    **detail: Any,
) -> None:
    """`on` is the phone on which it was done, the patient's or the caregiver's own."""
    EpisodeEvent.objects.create(
        clinic_id=caregiver.clinic_id,
        episode_id=caregiver.episode_id,
        what=what,
        at=now,
        by=by,
        reason=reason,
        was={"caregiver": caregiver.name, **detail},
    )
    audit.record(
        what=what, now=now, clinic=caregiver.clinic_id, user=by, device=on, subject=caregiver, **detail
    )
