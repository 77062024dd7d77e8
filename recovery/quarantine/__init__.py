"""Refused bodies: kept as they came, judged as far as they can be read, and worked on by the care team."""

from .judging import judged
from .keeping import MOST_BYTES, keep
from .review import dismiss, judge_by_hand, may_review, reach

__all__ = ["MOST_BYTES", "dismiss", "judge_by_hand", "judged", "keep", "may_review", "reach"]
