"""What people are told about findings. Every word of it comes from the protocol document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

from recovery.clinical.assessment import Finding
from recovery.clinical.protocol import Protocol, Rule, ServiceAlert
from recovery.clinical.protocol.texts import fill_numbers
from recovery.clinical.tiers import Tier


@dataclass(frozen=True)
class Numbers:
    """Telephone numbers as people dial them. One that is empty is replaced by the emergency number."""

    team_phone: str
    urgent_line: str
    emergency_number: str
    crisis_line: str

    def filled_in(self, text: str) -> str:
        return fill_numbers(text, self._by_name) if "{" in text else text

    @cached_property
    def _by_name(self) -> dict[str, str]:
        return {name: number or self.emergency_number for name, number in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Line:
    """The lead text of one finding."""

    rule: str
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """One action line, that of the urgency; then a line for each finding, highest tier first.

    `action` is empty when every finding is of a timer: those messages are reminders, not verdicts.
    """

    tier: Tier
    action: str
    lines: tuple[Line, ...]
    notes: tuple[str, ...]
    footer: str


def tell_patient(
    findings: Sequence[Finding], notes: Sequence[str], protocol: Protocol, numbers: Numbers
) -> Verdict:
    """What the patient reads. `notes` are the ids that the assessment holds."""
    ordered = sorted(findings, key=lambda finding: (-finding.tier, finding.rule))
    tier = ordered[0].tier if ordered else Tier.NONE
    only_reminders = bool(ordered) and all(_is_reminder(finding, protocol) for finding in ordered)
    return Verdict(
        tier=tier,
        action="" if only_reminders else action_line(tier, protocol, numbers),
        lines=tuple(Line(finding.rule, patient_text(finding, protocol, numbers)) for finding in ordered),
        notes=tuple(numbers.filled_in(protocol.information[note].patient) for note in notes),
        footer=numbers.filled_in(protocol.footer),
    )


def action_line(tier: Tier, protocol: Protocol, numbers: Numbers) -> str:
    """What to do at this tier: the sentence of specification section 2."""
    return numbers.filled_in(protocol.actions[tier])


def not_taken_line(protocol: Protocol, numbers: Numbers, *, seen: bool) -> str:
    """What to do about a report that was not taken, where nothing was found in it. `seen`: the service kept it."""
    return numbers.filled_in(protocol.not_taken.kept if seen else protocol.not_taken.unseen)


def patient_text(finding: Finding, protocol: Protocol, numbers: Numbers) -> str:
    """The lead text of a finding, without the action line."""
    return numbers.filled_in(_said_of(finding, protocol).patient.at(finding.tier))


def team_text(finding: Finding, protocol: Protocol) -> str:
    """What the team should think of."""
    return _said_of(finding, protocol).team


def _said_of(finding: Finding, protocol: Protocol) -> Rule | ServiceAlert:
    return protocol.rules.get(finding.rule) or protocol.service_alerts[finding.rule]


def _is_reminder(finding: Finding, protocol: Protocol) -> bool:
    rule = protocol.rules.get(finding.rule)
    return rule is not None and rule.timer
