"""A loaded protocol: everything a clinician signed, ready to be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from recovery.clinical import timeline
from recovery.clinical.conditions import Condition, View
from recovery.clinical.facts.registry import Fact
from recovery.clinical.tiers import Tier
from recovery.clinical.timeline import Phase, Slot
from recovery.clinical.words import WordScreen


@dataclass(frozen=True, slots=True)
class Value:
    """One possible answer. `alarm`: a phone may list it under "do you have any of these?".

    `mild_alone`: a place that makes a finding milder when it is the only one named.
    """

    code: str
    label: str
    help: str = ""
    alarm: bool = False
    mild_alone: bool = False


@dataclass(frozen=True, slots=True)
class ShowWhen:
    """Ask a question only when another one was answered with one of these codes."""

    link_id: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One question. `kind`: choice, choices, integer, temperature or text. `short` is the team's name for it."""

    link_id: str
    kind: str
    text: str
    short: str
    help: str = ""
    values: tuple[Value, ...] = ()
    required: bool = False
    required_with: str | None = None
    ask_until_h: float | None = None
    show_when: ShowWhen | None = None
    low: int = 0
    high: int = 0
    max_length: int = 0
    ranges: Mapping[str, tuple[float, float]] | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(value.code for value in self.values)

    @property
    def alarms(self) -> tuple[str, ...]:
        return tuple(value.code for value in self.values if value.alarm)


@dataclass(frozen=True, slots=True)
class Page:
    id: str
    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """`required_groups`: of each group at least one must be answered in a completed check-in."""

    pages: tuple[Page, ...]
    items: Mapping[str, Item]
    required_groups: tuple[tuple[str, ...], ...]

    def asked_at(self, hours: float) -> tuple[Item, ...]:
        """The questions to ask at an hour; some are not asked any more later."""
        return tuple(i for i in self.items.values() if i.ask_until_h is None or hours < i.ask_until_h)


@dataclass(frozen=True, slots=True)
class Setting:
    """A number or text that clinics may choose within what is allowed. `value` is what this document uses."""

    name: str
    label: str
    value: float | str
    default: float | str
    unit: str
    low: float | None
    high: float | None
    choices: tuple[float, ...]
    leaflets: str
    per_patient: bool
    sources: tuple[str, ...]
    facts: tuple[str, ...]

    @property
    def number(self) -> float:
        if isinstance(self.value, str):
            raise TypeError(f"the setting {self.name} is a text")
        return self.value


@dataclass(frozen=True, slots=True)
class RiskFactor:
    id: str
    label: str
    help: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """`leaflet` is the three-digit key of a patient leaflet, empty for a published standard."""

    key: str
    title: str
    leaflet: str


@dataclass(frozen=True, slots=True)
class LeafletFact:
    """What leaflets say, in our own words, and where in this document it is used."""

    id: str
    says: str
    leaflets: tuple[str, ...]
    used_in: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Texts:
    """What a patient is told, by tier; settings are filled in, telephone numbers are still open."""

    by_tier: Mapping[Tier, str]
    otherwise: str

    def at(self, tier: Tier) -> str:
        return self.by_tier.get(tier, self.otherwise)

    def all(self) -> tuple[str, ...]:
        """Every variant there is."""
        return tuple(text for text in (*self.by_tier.values(), self.otherwise) if text)


@dataclass(frozen=True, slots=True)
class Branch:
    """A tier and the condition under which it applies; the last branch of a rule has none."""

    tier: Tier
    when: Condition | None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `action_line`: its message to the patient ends with the action line of its tier."""

    id: str
    name: str
    when: Condition
    branches: tuple[Branch, ...]
    step_up: Condition | None
    clears: str
    patient: Texts
    action_line: bool
    team: str
    sources: tuple[str, ...]
    facts: tuple[str, ...]
    note: str
    timer: bool

    @property
    def tiers(self) -> frozenset[Tier]:
        """Every tier this rule can give."""
        plain = {branch.tier for branch in self.branches}
        return frozenset(plain | {tier.one_step_higher for tier in plain} if self.step_up else plain)

    def branch_for(self, view: View) -> Branch:
        return next(branch for branch in self.branches if branch.when is None or branch.when(view))


@dataclass(frozen=True, slots=True)
class ServiceAlert:
    """Raised by the service and not by an answer; not one of the clinical rules."""

    id: str
    name: str
    tier: Tier
    clears: str
    patient: Texts
    team: str
    sources: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Information:
    """A text shown when nothing was found; it is no finding."""

    id: str
    when: Condition
    patient: str


@dataclass(frozen=True, slots=True)
class NotTaken:
    """What a patient is told of a report that was not taken, in place of the action for none: of one that the service
    kept, and of one that nobody has seen."""

    kept: str
    unseen: str


@dataclass(frozen=True, slots=True)
class Article:
    """An enrolment question for staff, or a piece of education for patients."""

    id: str
    title: str
    text: str
    sources: tuple[str, ...]
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Protocol:
    """One version of the document. Loaded once, never changed; two are the same when they are one object."""

    version: str
    title: str
    status: str
    review_on: date
    phases: tuple[Phase, ...]
    slots: tuple[Slot, ...]
    ends_h: float
    settings: Mapping[str, Setting]
    questionnaire: Questionnaire
    baseline_form: Mapping[str, Item]
    risk_factors: Mapping[str, RiskFactor]
    rules: Mapping[str, Rule]
    service_alerts: Mapping[str, ServiceAlert]
    information: Mapping[str, Information]
    emergency_screen: Condition
    emergency_screen_document: Mapping[str, Any]
    call_now_if: Mapping[str, str]
    actions: Mapping[Tier, str]
    not_taken: NotTaken
    footer: str
    word_screen: WordScreen
    enrolment: Mapping[str, Article]
    education: Mapping[str, Article]
    sources: Mapping[str, Source]
    facts: Mapping[str, LeafletFact]
    numbers_needed: frozenset[str]
    check_in_rules: tuple[Rule, ...]
    timer_rules: tuple[Rule, ...]
    check_in_facts: tuple[Fact, ...]

    def phase_at(self, hours: float) -> Phase:
        return timeline.phase_at(self.phases, hours)

    def slot_at(self, hours: float) -> Slot | None:
        return timeline.slot_at(self.slots, hours)

    def next_slot(self, hours: float, reported_h: float | None = None) -> Slot | None:
        return timeline.next_slot(self.slots, hours, reported_h)

    def due_h_after(self, hours: float | None) -> float | None:
        return timeline.due_h_after(self.slots, hours)
