"""A refused report as it came, for a colleague to read."""

from dataclasses import dataclass

from recovery.dashboard.screens.place import Clock
from recovery.models import Quarantine

MOST = 4000
"""Characters shown. The whole body is kept."""


@dataclass(frozen=True, slots=True)
class Body:
    received: str
    problems: list[str]
    text: str
    is_cut: bool


def body_of(kept: Quarantine, clock: Clock) -> Body:
    text = bytes(kept.body).decode("utf-8", errors="replace").replace("\x00", "�")
    return Body(
        received=clock.moment(kept.received_at),
        problems=[f"{problem.get('place', '')}: {problem.get('code', '')}" for problem in kept.problems],
        text=text[:MOST],
        is_cut=len(text) > MOST,
    )
