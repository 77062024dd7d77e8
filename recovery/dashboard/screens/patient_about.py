"""Who was treated, how, and what was known before: the part of the patient's page that seldom changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from recovery.clinical import protocol as protocols
from recovery.clinical.protocol import Protocol
from recovery.dashboard.screens.answers import in_words
from recovery.dashboard.screens.place import Clock
from recovery.dashboard.wording import clinic_day
from recovery.models import Episode


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    words: str
    known: bool = True


@dataclass(frozen=True, slots=True)
class About:
    facts: list[Fact]
    risks: list[str]
    baseline: list[Fact]
    baseline_at: str


def about_of(episode: Episode, clock: Clock) -> About:
    protocol = protocols.get(episode.protocol)
    done = clinic_day(episode.procedure_at, ZoneInfo(episode.time_zone))
    facts = [
        Fact("Procedure", Episode.Procedure(episode.procedure).label),
        Fact("Levels", ", ".join(episode.levels) or "not recorded", bool(episode.levels)),
        Fact(
            "Done",
            f"{done}, {'time not known' if episode.time_estimated else clock.local(episode.procedure_at)}",
        ),
        Fact("Care team", f"{episode.team.name}, {episode.clinic.name}"),
    ]
    if episode.blood_thinner_restart_h is not None:
        at = episode.procedure_at + timedelta(hours=float(episode.blood_thinner_restart_h))
        facts.append(Fact("Blood thinner", f"planned again from {clock.moment(at)}"))
    elif "anticoagulant" in episode.risk_factors:
        facts.append(Fact("Blood thinner", "no restart recorded", known=False))
    if episode.time_zone != clock.zone.key:
        facts.append(Fact("Patient's time zone", episode.time_zone))
    facts.append(Fact("Protocol", episode.protocol))
    return About(
        facts=facts,
        risks=risks_in_words(episode.risk_factors, protocol),
        baseline=baseline_in_words(episode.baseline or {}, protocol),
        baseline_at=clock.moment(episode.baseline_at) if episode.baseline_at else "",
    )


def risks_in_words(risk_factors: list[str], protocol: Protocol) -> list[str]:
    known = protocol.risk_factors
    return [known[factor].label if factor in known else factor for factor in risk_factors]


def baseline_in_words(baseline: Mapping[str, Any], protocol: Protocol) -> list[Fact]:
    """What was answered of the form before the procedure, in its order."""
    return [
        Fact(item.short, in_words(item, baseline[name]))
        for name, item in protocol.baseline_form.items()
        if baseline.get(name) is not None
    ]
