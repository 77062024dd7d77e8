"""Facts about the temperature."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from recovery.clinical.facts.case import Case
from recovery.clinical.facts.registry import Degrees, Flag, fact
from recovery.clinical.facts.temperature import Temperature, read_temperature

PREVIOUS_REACHES_BACK: Final = timedelta(hours=24)


@fact(Degrees(), "temperature")
def temperature(case: Case) -> Temperature | None:
    """The reading of this check-in in the unit it fits; missing when it fits neither."""
    return read_temperature(case.answers.get("temp"))[0]


@fact(Flag(), "temperature does not fit its unit", always=True)
def temperature_misfit(case: Case) -> bool:
    """The value is outside 34.0-43.0 for C, or outside 93.2-109.4 for F."""
    return read_temperature(case.answers.get("temp"))[1]


@fact(Degrees(), "temperature last time")
def previous_temperature(case: Case) -> Temperature | None:
    """The latest earlier usable reading, if it was taken at most 24 hours before this check-in."""
    for earlier in reversed(case.earlier):
        if earlier.temperature is not None:
            return earlier.temperature if case.at - earlier.at <= PREVIOUS_REACHES_BACK else None
    return None
