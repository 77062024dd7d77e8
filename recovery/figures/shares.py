"""Parts of wholes, and how many it takes until a share of them means something."""

from dataclasses import dataclass

FEW = 20
"""Of fewer than these no percentage or rate is given: one more would move it by more than five points."""
FEW_FOR_MEDIAN = 5
FEW_FOR_P90 = 10
"""Below it the ninth of ten is the slowest that there was."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    part: int
    of: int

    @property
    def is_small(self) -> bool:
        return self.of < FEW

    @property
    def percent(self) -> float | None:
        """None of too few to say."""
        return None if self.is_small else 100 * self.part / self.of


def per_100(number: int, check_ins: int) -> float | None:
    """How many for each hundred check-ins; None of too few to say."""
    return None if check_ins < FEW else 100 * number / check_ins
