"""What one person may ask of the service: everything that it holds about them, and to be forgotten
(docs/privacy.md)."""

from .export import FORMAT, NoSuchPerson, as_json, export, find
from .readable import Section, readable
from .shape import ABOUT_NOBODY, LEFT_OUT, PARTS, Part

__all__ = [
    "ABOUT_NOBODY",
    "FORMAT",
    "LEFT_OUT",
    "PARTS",
    "NoSuchPerson",
    "Part",
    "Section",
    "as_json",
    "export",
    "find",
    "readable",
]
