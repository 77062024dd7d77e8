"""How urgent a finding is (specification section 2)."""

from __future__ import annotations

from enum import IntEnum


class Tier(IntEnum):
    """Ordered: a higher tier needs help sooner."""

    NONE = 0
    ROUTINE = 1
    WITHIN_24H = 2
    SAME_DAY = 3
    EMERGENCY = 4

    @property
    def code(self) -> str:
        """The word used in documents, the API and the database: `within_24h`."""
        return self.name.lower()

    @property
    def label(self) -> str:
        """The words shown to people."""
        return "Within 24 hours" if self is Tier.WITHIN_24H else self.name.replace("_", " ").capitalize()

    @property
    def one_step_higher(self) -> Tier:
        """The next place in the order; stops at emergency."""
        return Tier(min(self + 1, Tier.EMERGENCY))

    @classmethod
    def of(cls, code: str) -> Tier:
        """The tier of a code. Raises ValueError on any other word."""
        for tier in cls:
            if tier.code == code:
                return tier
        raise ValueError(f"{code!r} is not a tier")
