"""What one person may ask of the service: everything that it holds about them, and to be forgotten
(docs/privacy.md)."""

from .erasing import (
    ErasureRefused,
    answered_for,
    ask,
    confirm,
    hold_of,
    kept_until,
    lift_hold,
    may_ask,
    place_hold,
    standing,
    withdraw,
)
from .export import FORMAT, NoSuchPerson, as_json, export, find
from .readable import Section, readable
from .shape import ABOUT_NOBODY, KEPT_WHEN_ERASED, LEFT_OUT, PARTS, Part

__all__ = [
    "ABOUT_NOBODY", "FORMAT", "KEPT_WHEN_ERASED", "LEFT_OUT", "PARTS", "ErasureRefused", "NoSuchPerson",
    "Part", "Section", "answered_for", "as_json", "ask", "confirm", "export", "find", "hold_of", "kept_until",
    "lift_hold", "may_ask", "place_hold", "readable", "standing", "withdraw",
]  # fmt: skip
