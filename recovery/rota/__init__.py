"""Who is on call for a care team: a weekly pattern by the clocks of its time zone, and what replaces it (ADR 22)."""

from .plan import FIRST, LEVELS, SECOND, OnCall, Plan, Turn
from .reading import gaps, on_call, plans

__all__ = ["FIRST", "LEVELS", "SECOND", "OnCall", "Plan", "Turn", "gaps", "on_call", "plans"]
