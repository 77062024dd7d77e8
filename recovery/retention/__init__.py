"""What is kept for a time and then let go: by kind, for as many days as the clinic says, in small batches by the watch
(docs/privacy.md, docs/adr/0034-what-is-let-go.md). Records of patients are not of it."""

from .kinds import KINDS, Kind
from .letting_go import BATCH, EVERY, begin, let_go_due
from .rules import Kept, RetentionRefused, keep_for, kept

__all__ = [
    "BATCH",
    "EVERY",
    "KINDS",
    "Kept",
    "Kind",
    "RetentionRefused",
    "begin",
    "keep_for",
    "kept",
    "let_go_due",
]
