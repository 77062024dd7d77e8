"""What is done to an alert: findings open and raise it, colleagues work on it, its clearing policy may end it."""

from .ending import call_noise, close
from .flagging import flag
from .hands import acknowledge, ask, colleagues, take_over
from .moves import MOVES, NotAllowed, as_seen, hold
from .muting import mute, unmute
from .owed import flag_owed
from .record import add_note, record_contact
from .shown import show_anew

__all__ = [
    "MOVES",
    "NotAllowed",
    "acknowledge",
    "add_note",
    "as_seen",
    "ask",
    "call_noise",
    "close",
    "colleagues",
    "flag",
    "flag_owed",
    "hold",
    "mute",
    "record_contact",
    "show_anew",
    "take_over",
    "unmute",
]
