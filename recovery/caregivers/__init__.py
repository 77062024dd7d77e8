"""Who answers for a patient under a name of their own: granted, scoped and revoked by the patient on their phone, or by
the care team from what the patient said. What their phones then reach stands in access.py."""

from .ending import ended_by, revoke, revoke_by_staff
from .granting import (
    MOST,
    CaregiverRefused,
    Wish,
    change_scope,
    change_scope_by_staff,
    grant,
    grant_by_staff,
    new_code,
    new_code_by_staff,
)
from .history import CHANGES, ENDED, GRANTED, LEFT, NEW_CODE, SCOPED
from .wording import WORDING, agreement

__all__ = [
    "CHANGES",
    "ENDED",
    "GRANTED",
    "LEFT",
    "MOST",
    "NEW_CODE",
    "SCOPED",
    "WORDING",
    "CaregiverRefused",
    "Wish",
    "agreement",
    "change_scope",
    "change_scope_by_staff",
    "ended_by",
    "grant",
    "grant_by_staff",
    "new_code",
    "new_code_by_staff",
    "revoke",
    "revoke_by_staff",
]
