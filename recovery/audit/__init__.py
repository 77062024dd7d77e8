"""Who did what, and who looked at what: written with the deed itself, chained by the watch, verified by command
(docs/adr/0028-what-is-remembered.md)."""

from .chain import Flaw, flaws_after, seal_owed, uncounted, verify
from .lookers import Look, looks_at
from .looks import record_look
from .recording import record, record_account

__all__ = [
    "Flaw",
    "Look",
    "flaws_after",
    "looks_at",
    "record",
    "record_account",
    "record_look",
    "seal_owed",
    "uncounted",
    "verify",
]
