"""What a rule may see: the records of an episode and what is derived from them, each defined once."""

from recovery.clinical.facts import fever, form, pain, symptoms, time  # noqa: F401  (they register their facts)
from recovery.clinical.facts.case import Case
from recovery.clinical.facts.records import (
    SYMPTOMS,
    Answers,
    Baseline,
    Earlier,
    Procedure,
    Report,
    effective_at,
    hours_between,
    in_utc,
)
from recovery.clinical.facts.registry import (
    CHECK_IN_FACTS,
    Choice,
    Degrees,
    Fact,
    Flag,
    Kind,
    Number,
    Several,
)
from recovery.clinical.facts.silence import SILENCE_FACTS
from recovery.clinical.facts.temperature import PairedLimit, Temperature, read_temperature

__all__ = [
    "CHECK_IN_FACTS",
    "SILENCE_FACTS",
    "SYMPTOMS",
    "Answers",
    "Baseline",
    "Case",
    "Choice",
    "Degrees",
    "Earlier",
    "Fact",
    "Flag",
    "Kind",
    "Number",
    "PairedLimit",
    "Procedure",
    "Report",
    "Several",
    "Temperature",
    "effective_at",
    "hours_between",
    "in_utc",
    "read_temperature",
]
