"""How a patient is reached: asked when they are enrolled, and changed later."""

from collections.abc import Mapping
from typing import Any

from django import forms

from recovery import enrolment
from recovery.dashboard.forms.care import CareForm
from recovery.dashboard.forms.questions import CHOOSE
from recovery.dashboard.forms.written import line


class HowToCall(forms.Form):
    use_required_attribute = False

    phone = line("Patient's telephone", enrolment.phone_of, attrs={"type": "tel"})
    language = forms.ChoiceField(
        label="Language on the telephone", choices=list(enrolment.LANGUAGES.items()), error_messages=CHOOSE
    )
    caregiver_name = line("Caregiver's name", enrolment.name_of)
    caregiver_phone = line("Caregiver's telephone", enrolment.phone_of, attrs={"type": "tel"})
    call_first = forms.ChoiceField(
        label="Whom to call first?",
        choices=enrolment.CALL_FIRST.choices,
        widget=forms.RadioSelect,
        error_messages=CHOOSE,
    )
    call_notes = line(
        "When and how to call",
        enrolment.text_of,
        help_text="For example: after ten; hard of hearing; needs an interpreter.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "phone" in cleaned and "caregiver_phone" in cleaned:
            if not cleaned["phone"] and not cleaned["caregiver_phone"]:
                self.add_error("phone", "Write a number: the patient's here, or the caregiver's below.")
            elif (
                cleaned.get("call_first") == enrolment.CALL_FIRST.CAREGIVER and not cleaned["caregiver_phone"]
            ):
                self.add_error("caregiver_phone", "Write the caregiver's number, or call the patient first.")
        return cleaned


class ContactsForm(HowToCall, CareForm):
    """`seen` is how the patient was reached when the form was opened."""

    seen = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)

    def contacts(self) -> Mapping[str, str]:
        return {name: self.cleaned_data[name] for name in enrolment.CONTACT}
