"""What is wrong with something that was written by hand or sent from outside, and where."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """`place` is a path a person can follow, such as `rules[PAIN-UP].when.all[1].fact`."""

    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"

    def to_document(self) -> dict[str, str]:
        return {"place": self.place, "reason": self.reason}
