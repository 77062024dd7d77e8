"""Who is told when nobody acts: the steps of each tier, in rows, as an administrator writes them."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from django import forms
from django.forms import BoundField

from recovery.clinical.tiers import Tier
from recovery.escalation.checks import MOST_STEPS, Problem
from recovery.escalation.policy import TIERS, WORDS, Policy, policy_for

WHOM = [(word, words[0].upper() + words[1:]) for word, words in WORDS.items()]
A_NUMBER = "Write a whole number of minutes, for example 15."
A_DAY = 24 * 60


class Row(NamedTuple):
    number: int
    after: BoundField
    to: BoundField


class TierForm(forms.Form):
    """A row that is left empty is no step: so one is taken away, and one more is always offered."""

    use_required_attribute = False

    def __init__(self, tier: Tier, policy: Policy, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, prefix=tier.code, auto_id="escalation-%s")
        self.tier, self.policy = tier, policy
        offered = [*policy.steps, None][:MOST_STEPS]
        if data is not None:
            offered = [None] * MOST_STEPS
        for number, step in enumerate(offered):
            self.fields[f"after-{number}"] = _minutes(
                "Minutes after it came in", initial=None if step is None else _whole(step.after)
            )
            self.fields[f"to-{number}"] = forms.MultipleChoiceField(
                label="Tell",
                choices=WHOM,
                required=False,
                initial=[] if step is None else list(step.to),
                widget=forms.CheckboxSelectMultiple,
            )
        self.fields["contact"] = _minutes(
            "Minutes until a contact with the patient is to be on record", initial=_whole(policy.contact)
        )

    @property
    def contact(self) -> BoundField:
        return self["contact"]

    @property
    def rows(self) -> list[Row]:
        """Those that hold something or have something wrong, and one that is empty."""
        shown: list[Row] = []
        for number in range(MOST_STEPS):
            if f"after-{number}" not in self.fields:
                break
            shown.append(Row(number + 1, self[f"after-{number}"], self[f"to-{number}"]))
            if not any(self._is_used(later) for later in range(number, MOST_STEPS)):
                break
        return shown

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for number in range(MOST_STEPS):
            after = cleaned.get(f"after-{number}")
            if cleaned.get(f"to-{number}") and after is None and f"after-{number}" not in self.errors:
                self.add_error(f"after-{number}", "Write after how many minutes.")
        if cleaned.get("contact") is None and "contact" not in self.errors:
            self.add_error("contact", A_NUMBER)
        return cleaned

    def written(self) -> Policy:
        """Of a valid form."""
        steps = [
            (timedelta(minutes=self.cleaned_data[f"after-{number}"]), self.cleaned_data[f"to-{number}"])
            for number in self._used()
        ]
        return policy_for(self.tier, steps, timedelta(minutes=self.cleaned_data["contact"]))

    def say(self, wrong: Iterable[Problem]) -> None:
        """What the operation says is wrong, beside the field that it is about."""
        rows = self._used()
        for problem in wrong:
            if problem.tier is not self.tier:
                continue
            row = None if problem.step is None or problem.step >= len(rows) else rows[problem.step]
            match problem.field:
                case "contact":
                    field = "contact"
                case "steps":
                    field = "after-0"
                case _:
                    field = f"{problem.field}-{row or 0}"
            if field not in self.errors:
                self.add_error(field, problem.text)

    def _used(self) -> list[int]:
        return [
            number for number in range(MOST_STEPS) if self.cleaned_data.get(f"after-{number}") is not None
        ]

    def _is_used(self, number: int) -> bool:
        if f"after-{number}" not in self.fields:
            return False
        after, to = self[f"after-{number}"], self[f"to-{number}"]
        return bool(after.value() not in (None, "") or to.value() or after.errors or to.errors)


class PolicyForm:
    """The forms of all tiers. `was` is the version that the page showed."""

    def __init__(self, policies: Mapping[Tier, Policy], data: Mapping[str, Any] | None = None) -> None:
        self.tiers = [TierForm(tier, policies[tier], data) for tier in TIERS]

    def is_valid(self) -> bool:
        """Every tier is read, also after one that is not."""
        return not [form for form in self.tiers if not form.is_valid()]

    def written(self) -> dict[Tier, Policy]:
        return {form.tier: form.written() for form in self.tiers}

    def say(self, wrong: list[Problem]) -> None:
        for form in self.tiers:
            form.say(wrong)


class WasForm(forms.Form):
    """What stands beside: the version that was seen, and whether to go back to the defaults."""

    was = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    defaults = forms.BooleanField(required=False, widget=forms.HiddenInput)


def _minutes(label: str, *, initial: int | None) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        required=False,
        min_value=0,
        max_value=A_DAY,
        initial=initial,
        widget=forms.NumberInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), A_NUMBER),
    )


def _whole(length: timedelta) -> int:
    return round(length.total_seconds() / 60)
