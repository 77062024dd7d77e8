"""Refused bodies: kept as they came, judged as far as they can be read, and worked on by the care team."""

from .judging import judged
from .keeping import MOST_BYTES, keep

__all__ = ["MOST_BYTES", "judged", "keep"]
