"""A list of patients is chosen, and then sent again with the look that was taken at it."""

import base64
import binascii
from collections.abc import Sequence
from typing import Any, cast

from django import forms

from recovery.dashboard.forms.questions import CHOOSE
from recovery.importing import MOST_BYTES
from recovery.models import CareTeam


class TeamForm(forms.Form):
    use_required_attribute = False

    team = forms.ChoiceField(label="Care team of these patients", error_messages=CHOOSE)

    def __init__(self, *args: Any, teams: Sequence[CareTeam], **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [("", "Choose a team")] if len(teams) > 1 else []
        choices += [(str(team.uuid), team.name) for team in teams]
        self.teams = teams
        cast(forms.ChoiceField, self.fields["team"]).choices = choices

    @property
    def chosen(self) -> CareTeam:
        return next(team for team in self.teams if str(team.uuid) == self.cleaned_data["team"])


class ChooseForm(TeamForm):
    file = forms.FileField(
        label="File",
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv,text/plain"}),
        allow_empty_file=True,
        error_messages={"required": "Choose a file.", "invalid": "Choose a file."},
    )

    def raw(self) -> bytes:
        content: bytes = self.cleaned_data["file"].read(MOST_BYTES + 1)
        return content


class TakeForm(TeamForm):
    """The file comes back as it was, byte by byte: line ends would not survive a field of text."""

    file = forms.CharField(max_length=MOST_BYTES * 2, widget=forms.HiddenInput)

    def clean_file(self) -> bytes:
        try:
            return base64.b64decode(self.cleaned_data["file"], validate=True)
        except (binascii.Error, ValueError):
            raise forms.ValidationError("Choose the file again.") from None


def packed(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
