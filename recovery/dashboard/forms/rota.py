"""What a coordinator types to plan who is on call. Times are by the clocks of the team's rota."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict

from recovery import enrolment, rota
from recovery.dashboard.forms.written import OFF, Day, Time
from recovery.models import User
from recovery.models.rota import Planned

LEVELS = [(str(level), label) for level, label in Planned.Level.choices]
WEEKDAYS = [(str(number), name) for number, name in enumerate(rota.WEEKDAYS)]


class _Planning(forms.Form):
    use_required_attribute = False

    user = forms.ChoiceField(label="Who?", error_messages={"required": "Choose a colleague."})
    level = forms.ChoiceField(
        label="On call as",
        choices=LEVELS,
        widget=forms.RadioSelect,
        error_messages={"required": "Say whether first or second."},
    )

    def __init__(self, *args: Any, people: Sequence[User], **options: Any) -> None:
        super().__init__(*args, **options)
        choice = self.fields["user"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [("", "Choose a colleague"), *((str(each.uuid), each.name) for each in people)]

    def planned(self) -> dict[str, Any]:
        """Who, and at which level."""
        return {"user_id": UUID(self.cleaned_data["user"]), "level": int(self.cleaned_data["level"])}


class ShiftForm(_Planning):
    """A shift of the weekly pattern, on as many weekdays as it is on."""

    field_order = ("weekdays", "begins", "ends", "level", "user")

    weekdays = forms.MultipleChoiceField(
        label="On which days does it begin?",
        choices=WEEKDAYS,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one day."},
    )
    begins = Time(label="From", error_messages={"required": "Say at what time it begins."})
    ends = Time(
        label="Until",
        help_text="The same time or an earlier one is on the next day: 20:00 until 08:00 is a night.",
        error_messages={"required": "Say at what time it ends."},
    )

    def planned(self) -> dict[str, Any]:
        return super().planned() | {
            "weekdays": [int(day) for day in self.cleaned_data["weekdays"]],
            "begins": self.cleaned_data["begins"],
            "ends": self.cleaned_data["ends"],
        }


class OverrideForm(_Planning):
    """Somebody instead of the weekly pattern, between two instants."""

    field_order = ("from_on", "from_time", "until_on", "until_time", "level", "user")

    from_on = Day(label="From which day", error_messages={"required": "Say from which day."})
    from_time = Time(label="From what time", error_messages={"required": "Say from what time."})
    until_on = Day(label="Until which day", error_messages={"required": "Say until which day."})
    until_time = Time(label="Until what time", error_messages={"required": "Say until what time."})

    def __init__(self, *args: Any, zone: ZoneInfo, **options: Any) -> None:
        super().__init__(*args, **options)
        self.zone = zone

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for which in ("from", "until"):
            day, time = cleaned.get(f"{which}_on"), cleaned.get(f"{which}_time")
            if day and time:
                try:
                    cleaned[f"{which}_at"] = enrolment.instant_of(day, time, self.zone)
                except ValueError as problem:
                    self.add_error(f"{which}_time", str(problem))
        return cleaned

    def planned(self) -> dict[str, Any]:
        instants: dict[str, datetime] = {name: self.cleaned_data[name] for name in ("from_at", "until_at")}
        return super().planned() | instants


class LeadForm(forms.Form):
    """`was` is who the page showed: whoever has named somebody else since is told of first."""

    use_required_attribute = False

    lead = forms.ChoiceField(label="Who leads the team?", required=False)
    was = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, people: Sequence[User], **options: Any) -> None:
        super().__init__(*args, **options)
        choice = self.fields["lead"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [("", "Nobody"), *((str(each.uuid), each.name) for each in people)]

    def named(self) -> UUID | None:
        return UUID(self.cleaned_data["lead"]) if self.cleaned_data["lead"] else None

    def on_page(self, lead: User | None) -> Self:
        """The same form, as typed, on a page that shows another lead by now: sent again it is meant."""
        if isinstance(self.data, QueryDict):
            self.data = self.data.copy()
            self.data["was"] = str(lead.uuid) if lead else ""
        return self


class ZoneForm(forms.Form):
    """`was` is the zone that the page showed."""

    use_required_attribute = False

    zone = forms.CharField(
        label="By the clocks of which time zone?",
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs=OFF),
    )
    was = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: Any, clinic_zone: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["zone"].help_text = (
            f"A name such as Europe/London. Leave it empty for that of the clinic, {clinic_zone}. The whole weekly"
            " pattern moves with it."
        )

    def on_page(self, zone: str) -> Self:
        if isinstance(self.data, QueryDict):
            self.data = self.data.copy()
            self.data["was"] = zone
        return self
