"""What of the board somebody wants to see. It stands in the address, so it can be kept, shared and gone back to."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from recovery.clinical import protocol as protocols
from recovery.clinical.tiers import Tier

OWNERS = {"mine": "Mine", "nobody": "Nobody's"}
SUBJECTS = {"silent": "Silent patients", "unjudged": "Not assessed"}
TIERS = {tier.code: tier for tier in (Tier.EMERGENCY, Tier.SAME_DAY, Tier.WITHIN_24H)}
CHOICES: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("Whose", "owner", OWNERS),
    ("How urgent", "tier", {code: tier.label for code, tier in TIERS.items()}),
    ("About", "subject", SUBJECTS),
)
"""By what one can choose: its label, the name of the filter, and the choices, each with a word of its own."""


@dataclass(frozen=True, slots=True)
class Filters:
    """One choice in each dimension, or none. What nobody knows is not a filter and is left out."""

    owner: str = ""
    subject: str = ""
    tier: str = ""
    team: str = ""
    page: int = 1

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "Filters":
        page = given.get("page", "1")
        return cls(
            owner=_known(given.get("owner"), OWNERS),
            subject=_known(given.get("about"), SUBJECTS),
            tier=_known(given.get("tier"), TIERS),
            team=_uuid(given.get("team", "")),
            page=int(page) if page.isascii() and page.isdecimal() and len(page) < 5 and int(page) else 1,
        )

    @property
    def query(self) -> str:
        """As it stands in the address, in one order."""
        chosen = {"owner": self.owner, "about": self.subject, "tier": self.tier, "team": self.team}
        chosen["page"] = str(self.page) if self.page > 1 else ""
        return urlencode({name: value for name, value in chosen.items() if value})

    @property
    def any(self) -> bool:
        return bool(self.owner or self.subject or self.tier or self.team)

    def address(self, name: str = "board") -> str:
        return f"{reverse(f'dashboard:{name}')}{'?' if self.query else ''}{self.query}"


@dataclass(frozen=True, slots=True)
class Chip:
    """One choice as a link: chosen, it takes itself away again."""

    label: str
    number: int
    chosen: bool
    address: str


@dataclass(frozen=True, slots=True)
class Chips:
    """The choices of one dimension, with how many alerts each would show."""

    label: str
    chips: list[Chip]


def chips(
    filters: Filters, *, numbers: Mapping[str, int], in_teams: Mapping[str, int], teams: Mapping[str, str]
) -> list[Chips]:
    """All choices, with the number of each by its value. Teams are a choice only for somebody who has several."""

    def chip(dimension: str, value: str, label: str, number: int) -> Chip:
        chosen = getattr(filters, dimension) == value
        then = _with(filters, dimension, "" if chosen else value)
        return Chip(label=label, number=number, chosen=chosen, address=then.address())

    dimensions = [
        Chips(label, [chip(dimension, value, words, numbers[value]) for value, words in choices.items()])
        for label, dimension, choices in CHOICES
    ]
    if len(teams) > 1:
        of_teams = [chip("team", uuid, name, in_teams.get(uuid, 0)) for uuid, name in teams.items()]
        dimensions.append(Chips("Team", of_teams))
    return dimensions


def _with(filters: Filters, dimension: str, value: str) -> Filters:
    changes: dict[str, Any] = {dimension: value}
    return replace(filters, page=1, **changes)


def is_silence(rule: str) -> bool:
    """Whether a rule fires because nothing came. Its name says so, whichever protocol it stands in."""
    return rule in silences()


@cache
def silences() -> frozenset[str]:
    """Every such rule."""
    return frozenset(rule.id for protocol in protocols.every() for rule in protocol.timer_rules)


def _known(value: str | None, choices: Mapping[str, object]) -> str:
    return value if value is not None and value in choices else ""


def _uuid(value: str) -> str:
    try:
        return str(UUID(value))
    except ValueError:
        return ""
