"""What a colleague types when working on an alert."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict

from recovery.alerts import telling
from recovery.alerts.moves import NOTE_LETTERS
from recovery.clinical.tiers import Tier
from recovery.models import Alert, User

YES_NO = [("yes", "Yes"), ("no", "No")]
BY_WHAT = [("phone", "Phone"), ("visit", "Visit"), ("message", "Message")]
OUTCOME_ALONE = "outcome"
CHOOSE = {"required": "Choose one.", "invalid_choice": "Choose one."}

SEEN_LETTERS = 200
"""Room for a status, two colleagues and a word for what the alert tells: cut short it would tell of a report that
nobody sent."""


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

    seen = forms.CharField(required=False, max_length=SEEN_LETTERS, widget=forms.HiddenInput)

    def seen_now(self, seen: str) -> Self:
        """The same form, as typed, on a page that shows another state by now: sent again it is meant."""
        if isinstance(self.data, QueryDict):
            self.data = self.data.copy()
            self.data["seen"] = seen
        return self

    def words(self) -> dict[str, object]:
        """What the operation is told."""
        return {name: value for name, value in self.cleaned_data.items() if name != "seen"}

    def as_note(self) -> str:
        """Everything that was typed or chosen, as a text: for when the form is not offered any more."""
        chosen = [_in_words(self[name]) for name in self.fields if name not in ("seen", "note")]
        return "\n".join(filter(None, [*chosen, str(self.data.get("note", ""))]))


class ContactForm(Move):
    reached = _yes_no("Did you reach the patient?")
    by_what = forms.ChoiceField(label="How did you try?", choices=BY_WHAT)
    at = forms.TimeField(
        label="Time (if not now)",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"invalid": "Write a time as 14:05."},
    )
    on = forms.DateField(
        label="Day (if not today)",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Write a day as 2026-03-05."},
    )
    note = _text("What was said")
    also = forms.MultipleChoiceField(
        label="The same call was about",
        help_text="It is recorded with these alerts, too.",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self, *args: Any, zone: ZoneInfo, now: datetime, others: Iterable[tuple[UUID, str]], **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._zone, self._now = zone, now
        choices = [(str(other), name) for other, name in others]
        if choices:
            self.fields["also"].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields["also"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("on") and not cleaned.get("at") and "at" not in self.errors:
            self.add_error("at", "Write the time, too.")
        elif (when := self._when(cleaned)) and when > self._now:
            self.add_error("at", "That is still to come. If it was on another day, write the day, too.")
        return cleaned

    def words(self) -> dict[str, object]:
        rest = {name: value for name, value in super().words().items() if name not in ("at", "on")}
        also = [UUID(other) for other in self.cleaned_data.get("also", [])]
        return rest | {"at": self._when(self.cleaned_data), "also": also}

    def _when(self, cleaned: dict[str, Any]) -> datetime | None:
        if not cleaned.get("at"):
            return None
        day = cleaned.get("on") or self._now.astimezone(self._zone).date()
        return datetime.combine(day, cleaned["at"], tzinfo=self._zone)


class NoteForm(Move):
    note = _text("What should the next colleague know?", required=True)


class AskForm(Move):
    """Whom to ask to take it on, or over. `colleagues` are those of the team who can."""

    to = forms.ChoiceField(label="Which colleague?", error_messages=CHOOSE)
    note = _text("What they should know")

    def __init__(self, *args: Any, colleagues: Iterable[User], **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [(str(colleague.uuid), colleague.name) for colleague in colleagues]
        self.fields["to"].choices = [("", "Choose one"), *choices]  # type: ignore[attr-defined]


class NoiseForm(Move):
    """Why an alert need not have been."""

    noise = forms.ChoiceField(
        label="Why was it noise?",
        help_text="If the alert has ended and you choose the first, the patient reads that it is expected, unless a"
        " colleague has told them something.",
        choices=Alert.Noise.choices,
        widget=forms.RadioSelect,
        error_messages=CHOOSE,
    )
    note = _text("In your words", help_text="Needed for “Another reason”.")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("noise") == Alert.Noise.OTHER and not cleaned.get("note"):
            self.add_error("note", "Write a few words.")
        return cleaned


class NoNoiseForm(Move):
    """A button: it was no noise after all."""

    def words(self) -> dict[str, object]:
        return {"noise": ""}


class CloseForm(Move):
    """At same day and above a note must say what was found; the outcome is always chosen, never assumed."""

    outcome = forms.ChoiceField(
        label="Outcome", choices=Alert.Outcome.choices, widget=forms.RadioSelect, error_messages=CHOOSE
    )
    contacted = _yes_no("Was the patient reached?")
    note = _text("What you found and what was done")
    noise = forms.ChoiceField(
        label="Was this alert noise?",
        help_text="It counts for the alert budget of the team, and mutes nothing.",
        required=False,
        choices=[
            ("", "No"),
            *((code, f"Yes: {label[0].lower()}{label[1:]}") for code, label in Alert.Noise.choices),
        ],
    )

    tell = forms.ChoiceField(
        label="What the patient reads",
        help_text="Beside the outcome, with the number to call if it gets worse. Your note stays with the team.",
        required=False,
        choices=[
            (OUTCOME_ALONE, "Only the outcome"),
            *telling.SAYINGS.items(),
            (telling.OWN, "My own words:"),
        ],
        widget=forms.RadioSelect,
        error_messages=CHOOSE,
    )
    tell_words = forms.CharField(
        label="Your own words to the patient",
        help_text="Short and plain: what it is, and what to do.",
        required=False,
        max_length=telling.LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, tier: Tier, **options: Any) -> None:
        super().__init__(*args, **options)
        if tier >= Tier.SAME_DAY:
            self.fields["note"].required = True
            self.fields["note"].help_text = "Needed: this alert is urgent."

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("noise") and cleaned.get("outcome") == Alert.Outcome.SENT_TO_EMERGENCY:
            self.add_error(
                "noise", "Who was sent to emergency care was no noise. Choose “No”, or another outcome."
            )
        if (
            cleaned.get("noise") == Alert.Noise.OTHER
            and not cleaned.get("note")
            and "note" not in self.errors
        ):
            self.add_error("note", "Write a few words.")
        own, tell = (cleaned.get("tell_words") or "").strip(), cleaned.get("tell")
        if tell == telling.OWN and not own and "tell_words" not in self.errors:
            self.add_error("tell_words", "Write what the patient is to read.")
        elif own and tell == "":
            cleaned["tell"] = telling.OWN  # what somebody wrote is meant to be read
        elif own and tell not in (telling.OWN, None):
            self.add_error("tell_words", "Choose “My own words” above, or leave this empty.")
        elif tell == OUTCOME_ALONE:
            cleaned["tell"] = ""
        return cleaned

    def words(self) -> dict[str, object]:
        return super().words() | {"seen": self.cleaned_data["seen"].rpartition(":")[2] or None}


def _in_words(field: forms.BoundField) -> str:
    """A choice or a date that was typed; empty when nothing was."""
    labels = dict(getattr(field.field, "choices", ()))
    typed = field.data if isinstance(field.data, list) else [field.data or ""]
    words = ", ".join(str(labels.get(each, each)) for each in typed)
    return f"{field.label} {words}" if words else ""
