"""What is asked before codes are printed."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.http import QueryDict

from recovery.dashboard.screens.enrol import MOST_SHEETS, Waiting


class SheetsForm(forms.Form):
    """Whoever has no sheet yet is ticked already."""

    use_required_attribute = False

    patients = forms.MultipleChoiceField(
        label="For whom?",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Tick at least one patient.",
            "invalid_choice": "One of them has a phone by now, or is not in your care. Look at the list again.",
        },
    )

    def __init__(self, typed: QueryDict | None = None, *, listed: Sequence[Waiting], **options: Any) -> None:
        blank = [str(row.id) for row in listed if not row.printed]
        super().__init__(typed, initial={"patients": blank[:MOST_SHEETS]}, **options)
        cast(forms.ChoiceField, self.fields["patients"]).choices = [
            (str(row.id), row.person.name) for row in listed
        ]

    def clean_patients(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["patients"]
        if len(chosen) > MOST_SHEETS:
            raise forms.ValidationError(f"At most {MOST_SHEETS} sheets at once. Print the others afterwards.")
        return chosen
