"""The operations behind check-ins: submit, correct (or finish), withdraw; take one that is told by telephone."""

from recovery.submissions import Submission

from .correct import correct
from .dictated import may_write_down, take_by_telephone, written_down
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
    "may_write_down",
    "receipt",
    "sent_before",
    "submit",
    "take_by_telephone",
    "withdraw",
    "written_down",
]
