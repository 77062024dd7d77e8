"""What a colleague types when working on an alert."""

from typing import Any, Self

from django import forms
from django.http import QueryDict

from recovery.alerts.moves import NOTE_LETTERS
from recovery.clinical.tiers import Tier
from recovery.models import Alert

YES_NO = [("yes", "Yes"), ("no", "No")]
CHOOSE = {"required": "Choose one.", "invalid_choice": "Choose one."}


def _yes_no(label: str) -> forms.TypedChoiceField:
    """Nothing is chosen beforehand: an answer nobody gave is not stored."""
    return forms.TypedChoiceField(
        label=label,
        choices=YES_NO,
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages=CHOOSE,
    )


def _text(label: str, *, required: bool = False, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        help_text=help_text,
        max_length=NOTE_LETTERS,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write a few words."},
    )


class Move(forms.Form):
    """`seen` is the state of the alert that the page showed: whoever has acted on it since is named first."""

    use_required_attribute = False

    seen = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)

    def seen_now(self, seen: str) -> Self:
        """The same form, as typed, on a page that shows another state by now: sent again it is meant."""
        self.data = {**self.data.dict(), "seen": seen} if isinstance(self.data, QueryDict) else self.data
        return self

    def words(self) -> dict[str, object]:
        """What the operation is told."""
        return {name: value for name, value in self.cleaned_data.items() if name != "seen"}


class ContactForm(Move):
    reached = _yes_no("Did you reach the patient?")
    by_what = forms.ChoiceField(
        label="How did you try?", choices=[("phone", "Phone"), ("visit", "Visit"), ("message", "Message")]
    )
    note = _text("What was said")


class NoteForm(Move):
    note = _text("What should the next colleague know?", required=True)


class CloseForm(Move):
    """At same day and above a note must say what was found; the outcome is always chosen, never assumed."""

    outcome = forms.ChoiceField(
        label="Outcome", choices=Alert.Outcome.choices, widget=forms.RadioSelect, error_messages=CHOOSE
    )
    contacted = _yes_no("Was the patient reached?")
    note = _text("What you found and what was done")

    def __init__(self, *args: Any, tier: Tier, **options: Any) -> None:
        super().__init__(*args, **options)
        if tier >= Tier.SAME_DAY:
            self.fields["note"].required = True
            self.fields["note"].help_text = "Needed: this alert is urgent."

    def words(self) -> dict[str, object]:
        return super().words() | {"seen": self.cleaned_data["seen"].rpartition(":")[2] or None}
