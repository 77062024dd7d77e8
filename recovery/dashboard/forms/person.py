"""What an administrator types to have a person erased, or kept."""

from typing import Any

from django import forms

from recovery.alerts.moves import NOTE_LETTERS
from recovery.dashboard.forms.care import CareForm
from recovery.models import Erasure


class EraseForm(CareForm):
    scope = forms.ChoiceField(
        label="What is to be erased?",
        choices=Erasure.Scope.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose what is to be erased.",
            "invalid_choice": "Choose from the list.",
        },
    )
    reason = forms.CharField(
        label="Who wants it, and why?",
        help_text="It stays when everything else is gone: name nobody.",
        max_length=NOTE_LETTERS,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write who wants it, and why."},
    )
    no_duty = forms.CharField(
        label="Why need the clinic not keep the record until its time is over?",
        help_text="The clinic's decision, only for everything and only before its time. It stays, too: name nobody.",
        required=False,
        max_length=NOTE_LETTERS,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class HoldForm(CareForm):
    reason = forms.CharField(
        label="Why has everything to be kept?",
        help_text="For example a dispute. Name nobody.",
        max_length=NOTE_LETTERS,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Write why it has to be kept."},
    )


def forms_for(typed: Any = None, *, of: str = "") -> dict[str, CareForm]:
    """Both forms of the page; `of` names the one that was sent."""
    return {
        "erase_form": EraseForm(typed if of == "erase" else None, auto_id="erase-%s"),
        "hold_form": HoldForm(typed if of == "hold" else None, auto_id="hold-%s"),
    }
