"""No protocol is put into use before two people have read what it changes
(docs/adr/0032-a-protocol-is-signed-off.md)."""

from .approving import NEEDED, NotSignedOff, SignOffRefused, approve, check_in_use, compare, read
from .replaying import LAST, Difference, replay

__all__ = [
    "LAST",
    "NEEDED",
    "Difference",
    "NotSignedOff",
    "SignOffRefused",
    "approve",
    "check_in_use",
    "compare",
    "read",
    "replay",
]
