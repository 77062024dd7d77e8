"""Who the patient is and what was treated: asked when they are enrolled, and corrected later."""

from collections.abc import Mapping
from typing import Any

from django import forms

from recovery import enrolment
from recovery.dashboard.forms.care import ReasonForm
from recovery.dashboard.forms.written import Day, line


class WhoItIs(forms.Form):
    use_required_attribute = False

    name = line("Name", enrolment.name_of, missing="Write first name and family name.")
    hospital_number = line(
        "Hospital number",
        enrolment.number_of,
        missing="Write the number on the wristband.",
        attrs={"spellcheck": "false", "autocapitalize": "characters"},
    )
    born_on = Day(label="Date of birth", error_messages={"required": "Say when the patient was born."})
    levels = line(
        "Vertebrae treated",
        enrolment.levels_of,
        help_text="For example: T12, L1. Leave it empty if you do not know.",
        max_length=100,
        attrs={"spellcheck": "false", "autocapitalize": "characters"},
    )


class IdentityForm(WhoItIs, ReasonForm):
    """`seen` is what was recorded when the form was opened."""

    seen = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)
    field_order = ("name", "hospital_number", "born_on", "levels", "reason")

    def corrected(self) -> Mapping[str, Any]:
        """What the operation is told."""
        said = self.cleaned_data
        person = {name: said[name] for name in ("name", "hospital_number", "born_on", "reason")}
        return person | {"levels": said["levels"] or []}
