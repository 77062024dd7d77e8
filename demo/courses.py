"""How pain goes after the procedure, drawn around published figures.

Mean 8.7 before the procedure and 2.8 after one month in one series; 8.7 to 2.5 at six weeks in another; 44 % of
patients below 4 after two weeks in the VAPOUR trial. So some get better within days and the others within weeks. With
a new fracture (about 10 %) there is relief first, and then the pain comes back.
"""

import math
from dataclasses import dataclass
from random import Random

QUICK_SHARE = 0.36
"""Of the patients: nearly all of the pain goes within days."""


@dataclass(frozen=True)
class Recurrence:
    """A new fracture: the pain climbs within a day and then fades slowly."""

    at_d: float
    rise: float
    fades_d: float = 18.0

    def extra(self, days: float) -> float:
        since = days - self.at_d
        return 0.0 if since <= 0 else self.rise * min(1.0, since / 0.8) * math.exp(-since / self.fades_d)


@dataclass(frozen=True)
class PainCourse:
    """`before` and what is left in the end, on the scale of 0 to 10, and how fast it goes from one to the other: a
    share within hours to days, the rest within weeks."""

    before: int
    left: float
    soon_share: float
    soon_d: float
    late_d: float
    recurrence: Recurrence | None = None

    def level(self, hours: float) -> float:
        """The pain felt, before it is put into a whole number. Lying flat and the drugs of the day dampen the first."""
        days = hours / 24
        going = self.soon_share * math.exp(-days / self.soon_d) + (1 - self.soon_share) * math.exp(
            -days / self.late_d
        )
        level = self.left + (self.before - self.left) * going
        if hours < 12:
            level *= 0.85
        return level + (self.recurrence.extra(days) if self.recurrence else 0.0)

    def reported(self, hours: float, random: Random) -> int:
        """The whole number that the patient taps, on a better or a worse day."""
        return min(10, max(0, round(self.level(hours) + random.gauss(0, 0.45))))


def draw(random: Random, *, new_fracture: bool = False) -> PainCourse:
    before = min(10, max(6, round(random.gauss(8.75, 1.0))))
    if new_fracture:
        recurrence = Recurrence(at_d=random.uniform(5.5, 12), rise=random.uniform(4.0, 5.5))
        return PainCourse(before, random.uniform(0.8, 2.0), 0.85, 0.7, 4.0, recurrence)
    left = min(5.0, max(0.0, random.gauss(2.25, 1.2)))
    if random.random() < QUICK_SHARE:
        return PainCourse(before, left, random.uniform(0.75, 0.9), random.uniform(0.5, 1.0), 6.0)
    return PainCourse(
        before, left, random.uniform(0.3, 0.45), random.uniform(0.5, 1.2), random.uniform(13, 20)
    )
