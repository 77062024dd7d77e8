"""The operations behind the phone's check-ins: submit, correct (or finish), withdraw."""

from recovery.submissions import Submission

from .correct import correct
from .receipts import (
    Busy,
    IdConflict,
    Receipt,
    StaleRevision,
    Unknown,
    Withdrawn,
    WithdrawnBefore,
    history,
    receipt,
)
from .submit import sent_before, submit
from .withdraw import withdraw

__all__ = [
    "Busy",
    "IdConflict",
    "Receipt",
    "StaleRevision",
    "Submission",
    "Unknown",
    "Withdrawn",
    "WithdrawnBefore",
    "correct",
    "history",
    "receipt",
    "sent_before",
    "submit",
    "withdraw",
]
