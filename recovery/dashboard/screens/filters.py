"""What of the board somebody wants to see. It stands in the address, so it can be kept, shared and gone back to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse

from recovery.clinical import protocol as protocols
from recovery.clinical.tiers import Tier
from recovery.dashboard.screens.finding import SERVICE_RULES
from recovery.dashboard.screens.live import Live

OWNERS = {"mine": "Mine", "nobody": "Nobody's"}
SUBJECTS = {"silent": "Silent patients", "unjudged": "Not assessed"}
TIERS = {tier.code: tier for tier in (Tier.EMERGENCY, Tier.SAME_DAY, Tier.WITHIN_24H)}


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

    def for_user(self, user: int) -> Callable[[Live], bool]:
        """Whether an alert is let through, for somebody who looks: they are who "mine" means."""
        tests: list[Callable[[Live], bool]] = []
        if self.owner == "mine":  # has it, or was asked to take it
            tests.append(lambda alert: user in (alert.owner, alert.asked))
        elif self.owner:
            tests.append(lambda alert: alert.owner is None)
        if self.subject == "unjudged":
            tests.append(lambda alert: alert.rule in SERVICE_RULES)
        elif self.subject:
            tests.append(lambda alert: is_silence(alert.rule))
        if self.tier:
            tier = TIERS[self.tier]
            tests.append(lambda alert: alert.tier == tier)
        if self.team:
            tests.append(lambda alert: alert.team == self.team)
        return tests[0] if len(tests) == 1 else lambda alert: all(test(alert) for test in tests)


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


def chips(filters: Filters, live: Sequence[Live], *, user: int, teams: Mapping[str, str]) -> list[Chips]:
    """All choices. Teams are a choice only for somebody who has several."""
    counted = _counter(filters, live, user)
    dimensions = [
        Chips("Whose", [counted("owner", value, label) for value, label in OWNERS.items()]),
        Chips("How urgent", [counted("tier", code, tier.label) for code, tier in TIERS.items()]),
        Chips("About", [counted("subject", value, label) for value, label in SUBJECTS.items()]),
    ]
    if len(teams) > 1:
        dimensions.append(Chips("Team", [counted("team", uuid, name) for uuid, name in teams.items()]))
    return dimensions


def _counter(filters: Filters, live: Sequence[Live], user: int) -> Callable[[str, str, str], Chip]:
    def chip(dimension: str, value: str, label: str) -> Chip:
        chosen = getattr(filters, dimension) == value
        alone = _with(filters, dimension, value)
        return Chip(
            label=label,
            number=sum(map(alone.for_user(user), live)),
            chosen=chosen,
            address=(_with(filters, dimension, "") if chosen else alone).address(),
        )

    return chip


def _with(filters: Filters, dimension: str, value: str) -> Filters:
    changes: dict[str, Any] = {dimension: value}
    return replace(filters, page=1, **changes)


def is_silence(rule: str) -> bool:
    """Whether a rule fires because nothing came. Its name says so, whichever protocol it stands in."""
    return rule in _timers()


@cache
def _timers() -> frozenset[str]:
    return frozenset(rule.id for protocol in protocols.every() for rule in protocol.timer_rules)


def _known(value: str | None, choices: Mapping[str, object]) -> str:
    return value if value is not None and value in choices else ""


def _uuid(value: str) -> str:
    try:
        return str(UUID(value))
    except ValueError:
        return ""
