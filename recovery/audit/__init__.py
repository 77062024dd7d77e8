"""Who did what, and who looked at what: written with the deed itself, chained by the watch, verified by command
(docs/adr/0028-what-is-remembered.md)."""

from .chain import Flaw, seal_owed, verify
from .looks import LOOKS, Look, looks_at, record_look
from .recording import record

__all__ = ["LOOKS", "Flaw", "Look", "looks_at", "record", "record_look", "seal_owed", "verify"]
