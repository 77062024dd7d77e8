from dataclasses import dataclass
from math import sqrt


@dataclass(frozen=True, slots=True)
class Scale:
    """From hours and scores to places in a drawing.

    The hours stand at their square root: the first days, in which most is reported, get room, and twelve weeks still
    fit on a phone. Order and direction stay true.
    """

    end_h: float
    left: float
    right: float
    top: float
    bottom: float

    def x(self, hours: float) -> float:
        share = sqrt(min(max(hours, 0.0), self.end_h) / self.end_h)
        return round(self.left + share * (self.right - self.left), 1)

    def y(self, score: float) -> float:
        return round(self.bottom - score / 10 * (self.bottom - self.top), 1)


@dataclass(frozen=True, slots=True)
class EvenHours:
    """The same for a stretch of hours at an even pace: a few days are looked at closely."""

    start_h: float
    end_h: float
    left: float
    right: float

    def x(self, hours: float) -> float:
        share = (min(max(hours, self.start_h), self.end_h) - self.start_h) / (self.end_h - self.start_h)
        return round(self.left + share * (self.right - self.left), 1)
