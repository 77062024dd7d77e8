"""What an auditor looks for. It stands in the address: ids and days, no name."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.validators import RegexValidator

from recovery.models import Clinic, User

USUAL_DAYS = 7
MOST_DAYS = 366

KINDS = (
    ("", "Everything"),
    ("looked", "What was looked at"),
    ("exported", "What was exported or printed"),
    ("refused", "What was refused"),
    ("account", "Sign-ins, accounts and roles"),
    ("done", "What was done"),
)


def _day(label: str) -> forms.DateField:
    wrong = "Write a day as year, month and day: 2026-03-02."
    return forms.DateField(
        label=label,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "autocomplete": "off"}),
        error_messages={"required": wrong, "invalid": wrong},
    )


class AuditForm(forms.Form):
    use_required_attribute = False

    clinic = forms.ChoiceField(label="Clinic")
    first = _day("From")
    last = _day("To")
    who = forms.ChoiceField(label="Who", required=False)
    kind = forms.ChoiceField(label="What", choices=KINDS, required=False)
    object = forms.UUIDField(
        label="Object, recovery or phone",
        required=False,
        help_text="Its id, as it stands in addresses and in the list below.",
        error_messages={"invalid": "Write the whole id, such as 6f1c…-….-…."},
    )
    request = forms.CharField(
        label="Request",
        required=False,
        max_length=32,
        validators=[
            RegexValidator(r"^[0-9a-f]{32}$", "Write the whole id of the request: 32 letters and digits.")
        ],
    )

    def __init__(
        self, data: Mapping[str, Any], *, clinics: Sequence[Clinic], people: Sequence[User], today: date
    ) -> None:
        self.today = today
        usual = {
            "clinic": str(clinics[0].uuid),
            "first": (today - timedelta(days=USUAL_DAYS)).isoformat(),
            "last": today.isoformat(),
        }
        super().__init__(usual | {name: value for name, value in data.items() if value}, auto_id="audit-%s")
        whose = [(str(person.uuid), f"{person.name}, {person.email}") for person in people]
        self.fields["who"] = forms.ChoiceField(
            label="Who", choices=[("", "Everybody"), *whose], required=False
        )
        choices = [(str(clinic.uuid), clinic.name) for clinic in clinics]
        self.fields["clinic"] = forms.ChoiceField(
            label="Clinic", choices=choices, widget=forms.Select if len(clinics) > 1 else forms.HiddenInput
        )

    def clean_first(self) -> date:
        first: date = self.cleaned_data["first"]
        if first.year < 2000:
            raise forms.ValidationError("There is nothing from before 2000. Choose a later day.")
        return first

    def clean_last(self) -> date:
        last: date = self.cleaned_data["last"]
        first: date | None = self.cleaned_data.get("first")
        if last > self.today:
            raise forms.ValidationError("This day has not come yet. Choose today or an earlier one.")
        if first is not None and last < first:
            raise forms.ValidationError("The last day lies before the first. Choose a later one.")
        if first is not None and (last - first).days >= MOST_DAYS:
            raise forms.ValidationError(f"At most {MOST_DAYS} days at a time. Choose days closer together.")
        return last
