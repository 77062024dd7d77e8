"""Colleagues who could not be told, or not everywhere. An alert that reached nobody must at least be seen here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from recovery.dashboard.wording import counted

LATE = timedelta(minutes=5)
"""A message that has waited this long is late. The team's first step after an emergency alert is due by then."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One sentence of the banner."""

    words: str


def troubles_of(untold: Iterable[tuple[str, bool, int]]) -> list[Trouble]:
    """Who could not be told of live alerts (True), or whose messages are late, and of how many alerts each."""
    return [
        Trouble(_words(name, failed, counted(number, "alert", "alerts"))) for name, failed, number in untold
    ]


def _words(name: str, failed: bool, alerts: str) -> str:
    if failed:
        return f"A message to {name} about {alerts} could not be delivered."
    return f"A message to {name} about {alerts} is late."
