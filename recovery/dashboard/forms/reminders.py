"""How and when a patient is reminded of check-ins: asked when they are enrolled, and changed later."""

from datetime import time
from typing import Any

from django import forms

from recovery import reminders
from recovery.dashboard.forms.care import CareForm
from recovery.dashboard.forms.questions import CHOOSE
from recovery.dashboard.forms.written import OFF, Time
from recovery.models import Preferences
from recovery.reminders import Chosen

USUAL = Chosen()
WAYS = [
    (reminders.CHANNELS.SMS, "By text message"),
    (reminders.CHANNELS.EMAIL, "By e-mail"),
    (reminders.CHANNELS.APP, "Only in the app, or when the page is opened"),
    (reminders.CHANNELS.NONE, "No reminders"),
]
AGAIN = [("0", "No"), ("1", "Once"), ("2", "Twice")]
FIELDS = {"channel": "reminder_channel", "address": "reminder_address", "remind_at": "reminder_at"}
"""Of what the operation refuses: the field that it is about."""


class HowToRemind(forms.Form):
    use_required_attribute = False

    reminder_channel = forms.ChoiceField(
        label="How to remind the patient of check-ins?",
        choices=WAYS,
        required=False,
        widget=forms.RadioSelect,
        error_messages=CHOOSE,
    )
    reminder_address = forms.CharField(
        label="Mobile number or e-mail address for reminders",
        help_text="A number with its country code, such as +44 7700 900123. A reminder names nobody and no illness.",
        required=False,
        max_length=254,
        widget=forms.TextInput(attrs=OFF),
    )
    reminder_at = Time(
        label="At what time of day?",
        help_text="On the patient's own clock, whatever the zone.",
        required=False,
    )
    reminder_repeats = forms.TypedChoiceField(
        label="Again, four hours later, while nobody has answered?",
        choices=AGAIN,
        coerce=int,
        required=False,
        error_messages=CHOOSE,
    )
    quiet_from = Time(label="Quiet from", required=False)
    quiet_until = Time(label="Quiet until", required=False)

    knows = ""
    """The channel of which an address is known."""

    @property
    def reminding(self) -> list[forms.BoundField]:
        return [self[name] for name in HowToRemind.base_fields]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("reminder_channel") and not self.errors.keys() & HowToRemind.base_fields.keys():
            chosen = _chosen(cleaned)
            if trouble := reminders.trouble_with(chosen, knows=self.knows):
                self.add_error(FIELDS[trouble.extra["field"]], trouble.message)
        return cleaned

    def chosen(self) -> Chosen | None:
        """None when nothing was said of it."""
        return _chosen(self.cleaned_data) if self.cleaned_data.get("reminder_channel") else None


class RemindersForm(HowToRemind, CareForm):
    """`seen` is what was chosen when the form was opened."""

    seen = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)

    def __init__(self, *args: Any, knows: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.knows = knows
        self.fields["reminder_channel"].required = True
        if knows in Preferences.ADDRESSED:
            self.fields["reminder_address"].help_text += " Leave it empty to keep the one that is known."


def initial_of(row: Preferences) -> dict[str, object]:
    """What stands in the form; never the address."""
    return {
        "reminder_channel": row.channel,
        "reminder_at": row.remind_at,
        "reminder_repeats": str(row.repeats),
        "quiet_from": row.quiet_from,
        "quiet_until": row.quiet_until,
    }


def _chosen(said: dict[str, Any]) -> Chosen:
    def clock(name: str, usual: time) -> time:
        return said.get(name) or usual

    return Chosen(
        channel=said["reminder_channel"],
        address=said.get("reminder_address") or None,
        remind_at=clock("reminder_at", USUAL.remind_at),
        repeats=USUAL.repeats if said.get("reminder_repeats") in ("", None) else said["reminder_repeats"],
        quiet_from=clock("quiet_from", USUAL.quiet_from),
        quiet_until=clock("quiet_until", USUAL.quiet_until),
    )
