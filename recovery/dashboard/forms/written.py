"""Fields for texts that an operation has its own rule for. Nothing is filled in by the browser: the next patient is
nobody whom it knows."""

from collections.abc import Callable
from typing import Any

from django import forms

from recovery import enrolment

OFF = {"autocomplete": "off"}


class Written(forms.CharField):
    """`read` raises ValueError that says what to do."""

    def __init__(self, *, read: Callable[[str], Any], **options: Any) -> None:
        super().__init__(**options)
        self._read = read

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        try:
            return self._read(text) if text else text
        except ValueError as problem:
            raise forms.ValidationError(str(problem)) from None


class Day(Written):
    """A date picker; and where there is none, only what can be read in one way."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"} | OFF, format="%Y-%m-%d")
        super().__init__(read=enrolment.day_of, widget=widget, max_length=40, **options)


class Time(Written):
    def __init__(self, **options: Any) -> None:
        widget = forms.TimeInput(attrs={"type": "time"} | OFF, format="%H:%M")
        super().__init__(read=enrolment.time_of, widget=widget, max_length=20, **options)


def line(label: str, read: Callable[[str], Any], *, missing: str = "", **options: Any) -> Written:
    attributes = OFF | options.pop("attrs", {})
    return Written(
        label=label,
        read=read,
        required=bool(missing),
        widget=forms.TextInput(attrs=attributes),
        error_messages={"required": missing},
        **options,
    )
