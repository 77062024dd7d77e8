"""What a colleague types to change how a patient is watched, or which phones may report."""

from collections.abc import Collection
from datetime import date, datetime, time
from typing import Any, Self
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict
from django.utils.html import format_html

from recovery.alerts.moves import NOTE_LETTERS
from recovery.dashboard.wording import day

LAST_MINUTE = time(23, 59)
"""A mute until a day lasts to its end."""


class CareForm(forms.Form):
    use_required_attribute = False

    def seen_now(self, seen: str) -> Self:
        """The same form, as typed, lists of ticks and all, on a page that shows another state by now: sent again it is
        meant."""
        if isinstance(self.data, QueryDict):
            self.data = self.data.copy()
            self.data["seen"] = seen
        return self

    def in_words(self) -> list[tuple[str, str]]:
        """What was typed, for when the form is not offered any more."""
        return [
            (str(field.label), str(field.value()))
            for field in self.visible_fields()
            if isinstance(field.field, forms.CharField) and str(field.value() or "").strip()
        ]


class ReasonForm(CareForm):
    reason = forms.CharField(
        label="Why?",
        help_text="A few words. They stay in the patient's notes.",
        max_length=NOTE_LETTERS,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write in a few words why."},
    )


class NoteForm(CareForm):
    note = forms.CharField(
        label="What should the next colleague know?",
        max_length=NOTE_LETTERS,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write a few words."},
    )


class MuteForm(ReasonForm):
    """`seen`: the mutes that the page showed, so that a colleague's is not replaced unread. `rules` are those to choose
    from, each by its alert, with its name and more about it."""

    seen = forms.CharField(required=False, max_length=4000, widget=forms.HiddenInput)
    alert = forms.UUIDField(
        label="Which rule is known and expected in this patient?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a rule.", "invalid": "Choose a rule."},
    )
    until = forms.DateField(
        label="Until the end of which day?",
        help_text="At most twelve weeks from now.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Choose a day.", "invalid": "Write a day as 2026-03-05."},
    )
    field_order = ("alert", "until", "reason")

    def __init__(
        self, *args: Any, rules: Collection[tuple[str, str, str]], today: date, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._today = today
        self.fields["alert"].widget.choices = [
            (
                value,
                format_html(
                    '<span><strong>{}</strong><br><span class="hint">{}</span></span>', name, details
                ),
            )
            for value, name, details in rules
        ]
        self.fields["until"].widget.attrs["min"] = today.isoformat()

    def clean_alert(self) -> Any:
        chosen = self.cleaned_data["alert"]
        if str(chosen) not in {value for value, _ in self.fields["alert"].widget.choices}:
            raise forms.ValidationError("Choose a rule.")
        return chosen

    def clean_until(self) -> date:
        until: date = self.cleaned_data["until"]
        if until < self._today:
            raise forms.ValidationError("Choose today or a day to come.")
        return until

    def until_at(self, zone: ZoneInfo) -> datetime:
        return datetime.combine(self.cleaned_data["until"], LAST_MINUTE, tzinfo=zone)

    def known(self) -> frozenset[int]:
        """The mutes that the person has seen."""
        return frozenset(int(part) for part in self.cleaned_data["seen"].split(",") if part.isdecimal())


class ExtendForm(ReasonForm):
    until = forms.DateField(
        label="Until the end of which day?",
        help_text="At most 26 weeks from now.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": "Choose a day.", "invalid": "Write a day as 2026-03-05."},
    )
    field_order = ("until", "reason")

    def __init__(self, *args: Any, first: date, last: date, **options: Any) -> None:
        """The days that may be chosen."""
        super().__init__(*args, **options)
        self._first, self._last = first, last
        self.fields["until"].widget.attrs |= {"min": first.isoformat(), "max": last.isoformat()}

    def clean_until(self) -> date:
        until: date = self.cleaned_data["until"]
        if not self._first <= until <= self._last:
            raise forms.ValidationError(f"Choose a day from {day(self._first)} to {day(self._last)}.")
        return until

    def until_at(self, zone: ZoneInfo) -> datetime:
        return datetime.combine(self.cleaned_data["until"], LAST_MINUTE, tzinfo=zone)


class EndForm(ReasonForm):
    """`seen`: the open alerts that the page showed. Where there are any, whoever ends the recovery says so."""

    seen = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)

    def seen_now(self, seen: str) -> Self:
        """What somebody said of the alerts they had read is not said of others."""
        super().seen_now(seen)
        if isinstance(self.data, QueryDict):
            self.data.pop("stays_open", None)
        return self

    def __init__(self, *args: Any, open_words: str, seen: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["seen"].initial = seen
        if open_words:
            self.fields["stays_open"] = forms.BooleanField(
                label=open_words,
                error_messages={"required": "Tick this, or close the alerts first."},
            )
