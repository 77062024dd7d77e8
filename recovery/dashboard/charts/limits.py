"""Lines from which on a single answer is a finding, asked of the protocol itself: no limit is written twice."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from recovery.clinical.assessment import assess
from recovery.clinical.facts import Procedure, Report
from recovery.clinical.protocol import Protocol

_T0 = datetime(2000, 1, 1, tzinfo=UTC)
_WELL_AFTER = timedelta(hours=100)
"""Past the first days, in which some findings are milder."""


@lru_cache(maxsize=256)
def fever_from(protocol: Protocol, risk_factors: frozenset[str]) -> float | None:
    """The lowest reading, in °C, that is a fever in a patient with these risk factors."""
    readings = ({"value": tenths / 10, "unit": "C"} for tenths in range(360, 411))
    found = _first(protocol, "FEVER", "temp", readings, risk_factors)
    return None if found is None else float(found["value"])


@lru_cache(maxsize=256)
def severe_from(protocol: Protocol, risk_factors: frozenset[str]) -> int | None:
    """The lowest score that is severe pain."""
    found = _first(protocol, "PAIN-SEVERE", "pain_now", range(11), risk_factors)
    return None if found is None else int(found)


def _first(
    protocol: Protocol, rule: str, link_id: str, values: Iterable[Any], risk_factors: frozenset[str]
) -> Any:
    for value in values:
        verdict = assess(
            protocol=protocol,
            procedure=Procedure("vertebroplasty", _T0, risk_factors),
            baseline=None,
            history=(),
            report=Report(_T0 + _WELL_AFTER, {link_id: value}),
        )
        if any(finding.rule == rule for finding in verdict.findings):
            return value
    return None
