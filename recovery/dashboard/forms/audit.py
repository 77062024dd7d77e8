"""What an auditor looks for. It stands in the address: ids and days, no name."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.validators import RegexValidator

from recovery.dashboard.forms.days import DaysForm
from recovery.models import Clinic, User

USUAL_DAYS = 7

KINDS = (
    ("", "Everything"),
    ("looked", "What was looked at"),
    ("exported", "What was exported or printed"),
    ("refused", "What was refused"),
    ("account", "Sign-ins, accounts and roles"),
    ("done", "What was done"),
)


def key_of(clinic: Clinic | None) -> str:
    """As it stands in the address."""
    return str(clinic.uuid) if clinic else "none"


class AuditForm(DaysForm):
    field_order = ("clinic", "first", "last")

    clinic = forms.ChoiceField(label="Clinic")
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
        self, data: Mapping[str, Any], *, realms: Sequence[Clinic | None], people: Sequence[User], today: date
    ) -> None:
        """`realms`: those whose audit may be read; None: what is of no clinic."""
        self.today = today
        usual = {
            "clinic": key_of(realms[0]),
            "first": (today - timedelta(days=USUAL_DAYS)).isoformat(),
            "last": today.isoformat(),
        }
        super().__init__(usual | {name: value for name, value in data.items() if value}, auto_id="audit-%s")
        whose = [(str(person.uuid), f"{person.name}, {person.email}") for person in people]
        self.fields["who"] = forms.ChoiceField(
            label="Who", choices=[("", "Everybody"), *whose], required=False
        )
        choices = [(key_of(each), each.name if each else "None: the service itself") for each in realms]
        self.fields["clinic"] = forms.ChoiceField(
            label="Clinic", choices=choices, widget=forms.Select if len(realms) > 1 else forms.HiddenInput
        )
