"""Temperatures: always a value with its unit, never converted (specification 6.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

# Readings a living patient can have. A value outside the range of its unit is a misfit (TEMP-UNIT).
PLAUSIBLE: Final[Mapping[str, tuple[float, float]]] = {"C": (34.0, 43.0), "F": (93.2, 109.4)}


@dataclass(frozen=True, slots=True)
class Temperature:
    """A usable reading in the unit it fits: "C" or "F"."""

    value: float
    unit: str

    def to_document(self) -> dict[str, Any]:
        return {"value": self.value, "unit": self.unit}


@dataclass(frozen=True, slots=True)
class PairedLimit:
    """One limit written in both units, because 100.0 F must meet the 37.8 C line exactly."""

    name: str
    c: float
    f: float

    def in_unit(self, unit: str) -> float:
        return self.c if unit == "C" else self.f


def fits(value: float, unit: str) -> bool:
    low, high = PLAUSIBLE[unit]
    return low <= value <= high


def read_temperature(answer: Mapping[str, Any] | None) -> tuple[Temperature | None, bool]:
    """The usable reading, and whether the value did not fit the unit it was entered in.

    A value that fits only the other unit is used in that one; one that fits neither is unusable.
    """
    if answer is None:
        return None, False
    value, unit = answer["value"], answer["unit"]
    if fits(value, unit):
        return Temperature(value, unit), False
    other = "F" if unit == "C" else "C"
    return (Temperature(value, other) if fits(value, other) else None), True
