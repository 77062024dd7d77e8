"""What an administrator types about the people of a team."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.http import QueryDict

from recovery import enrolment
from recovery.dashboard.forms.written import line
from recovery.models import Invitation, Membership, User

CHOOSE_ROLE = {"required": "Choose a role.", "invalid_choice": "Choose a role from the list."}


class InviteForm(forms.Form):
    use_required_attribute = False

    name = line("Name", enrolment.name_of, missing="Write the name.")
    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        help_text="The invitation goes there, and they sign in with it.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": "Write the address.",
            "invalid": "Write an address such as nia@clinic.example.",
        },
    )
    role = forms.ChoiceField(
        label="Role",
        choices=[("", "Choose a role"), *(choice for choice in Invitation.ROLES if choice[0] != "operator")],
        error_messages=CHOOSE_ROLE,
    )


class RoleForm(forms.Form):
    use_required_attribute = False

    role = forms.ChoiceField(label="Role", choices=Membership.Role.choices, error_messages=CHOOSE_ROLE)


class PasswordForm(forms.Form):
    """The first password of somebody who was invited."""

    use_required_attribute = False

    password1 = forms.CharField(
        label="Password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Choose a password."},
    )
    password2 = forms.CharField(
        label="The same password again",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Type it again."},
    )

    def __init__(self, data: QueryDict | None, *, invitation: Invitation) -> None:
        super().__init__(data)
        self._owner = User(email=invitation.email, name=invitation.name)

    def clean_password1(self) -> str:
        password: str = self.cleaned_data["password1"]
        validate_password(password, self._owner)
        return password

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if {"password1", "password2"} <= set(cleaned) and cleaned["password1"] != cleaned["password2"]:
            self.add_error("password2", "The two differ. Type the same password twice.")
        return cleaned
