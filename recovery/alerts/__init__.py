"""What is done to an alert: findings open and raise it, colleagues work on it, its clearing policy may end it."""

from .flagging import flag
from .moves import MOVES, NotAllowed, acknowledge, add_note, as_seen, close, record_contact
from .muting import mute, unmute
from .owed import flag_owed

__all__ = [
    "MOVES",
    "NotAllowed",
    "acknowledge",
    "add_note",
    "as_seen",
    "close",
    "flag",
    "flag_owed",
    "mute",
    "record_contact",
    "unmute",
]
