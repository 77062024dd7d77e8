"""Nobody acts: the next ones are told, step by step, and at last everybody, until somebody does (docs/adr/0021)."""

from .firing import fire_due
from .policies import CHANGED, PolicyRefused, change, current, freeze, may_change, versions

__all__ = ["CHANGED", "PolicyRefused", "change", "current", "fire_due", "freeze", "may_change", "versions"]
