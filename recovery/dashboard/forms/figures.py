"""Which team and which days the figures are about, and the team's alert budget."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Self

from django import forms
from django.http import QueryDict

from recovery.dashboard.forms.days import DaysForm
from recovery.figures import LONGEST
from recovery.models import CareTeam


class ChoiceForm(DaysForm):
    """It is sent in the address, so that a page of figures can be kept and shared. Of somebody's only team there is
    nothing to choose."""

    most_days = LONGEST

    team = forms.ChoiceField(label="Care team")
    field_order = ("team", "first", "last")

    def __init__(self, data: Mapping[str, Any], *, teams: Sequence[CareTeam], today: date) -> None:
        super().__init__(data, auto_id="choice-%s")
        self.today = today
        if len(teams) > 1:
            choices = [(str(team.uuid), team.name) for team in teams]
            self.fields["team"] = forms.ChoiceField(label="Care team", choices=choices)
        else:
            del self.fields["team"]


class BudgetForm(forms.Form):
    """`was` is the budget that the page showed: whoever has changed it since is named first."""

    use_required_attribute = False

    budget = forms.IntegerField(
        label="Alerts for each 100 check-ins",
        min_value=CareTeam.BUDGETS[0],
        max_value=CareTeam.BUDGETS[1],
        widget=forms.NumberInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"),
            f"Write a number from {CareTeam.BUDGETS[0]} to {CareTeam.BUDGETS[1]}.",
        ),
    )
    was = forms.IntegerField(widget=forms.HiddenInput)
    first = forms.DateField(required=False, widget=forms.HiddenInput)
    last = forms.DateField(required=False, widget=forms.HiddenInput)

    def on_page(self, now: Mapping[str, object]) -> Self:
        """The same form, as typed, on a page that shows another budget by now: sent again it is meant."""
        self.data = {**self.data.dict(), **now} if isinstance(self.data, QueryDict) else self.data
        return self
