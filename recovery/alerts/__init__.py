"""What is done to an alert: findings open and raise it, colleagues work on it, its clearing policy may end it."""

from .flagging import flag, flag_owed
from .moves import MOVES, NotAllowed, acknowledge, add_note, close, record_contact
from .muting import mute, unmute

__all__ = [
    "MOVES",
    "NotAllowed",
    "acknowledge",
    "add_note",
    "close",
    "flag",
    "flag_owed",
    "mute",
    "record_contact",
    "unmute",
]
