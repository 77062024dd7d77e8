"""What a colleague writes down when a patient lets somebody help."""

from typing import Any

from django import forms
from django.utils.html import format_html

from recovery import caregivers, enrolment
from recovery.dashboard.forms.care import CareForm
from recovery.dashboard.forms.questions import CHOOSE
from recovery.dashboard.forms.written import line
from recovery.models import Caregiver

MAY = {
    Caregiver.Scope.REPORT: ("Send check-ins.", "They read only what they sent themselves."),
    Caregiver.Scope.READ: (
        "Send check-ins and read the patient’s.",
        "With what the patient was told, and what the care team did.",
    ),
}
CHOICES = [
    (
        scope.value,
        format_html('<span><strong>{}</strong><br><span class="hint">{}</span></span>', what, more),
    )
    for scope, (what, more) in MAY.items()
]


def scope_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label="What may they do?", choices=CHOICES, widget=forms.RadioSelect, error_messages=CHOOSE
    )


class ScopeForm(CareForm):
    scope = scope_field()


class CaregiverForm(CareForm):
    name = line("Their name", enrolment.name_of, missing="Write their name.")
    relation = line(
        "Who are they to the patient?",
        enrolment.text_of,
        max_length=60,
        help_text="In the patient’s words: son, neighbour.",
    )
    phone = line("Their telephone", enrolment.phone_of, attrs={"type": "tel"})
    scope = scope_field()
    agreed = forms.BooleanField(
        label="I have read these words to the patient, and the patient agreed.",
        error_messages={"required": "Read the words to the patient. Without their yes nobody may help."},
    )

    def wish(self) -> caregivers.Wish:
        told: dict[str, Any] = {
            name: self.cleaned_data[name] for name in ("name", "relation", "phone", "scope")
        }
        return caregivers.Wish(wording=caregivers.WORDING, **told)
