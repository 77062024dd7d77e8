"""What a browser sends that has made a passkey, or signed with one. The page's script fills it in."""

from typing import Any

from allauth.core import context
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm
from django import forms

from recovery import clock, passkeys, sessions
from recovery.dashboard import ceremony
from recovery.dashboard.forms.second_factor import CountedTries

NOTHING_CAME = "Your browser sent no passkey. Press the button again."
NOT_MADE = "This passkey could not be taken. Press the button again, and use it at once."
NOT_RIGHT = "This passkey was not taken. Press the button again, or use your app or a recovery code."
COPIED = (
    "This passkey counts behind where it was: somebody may have copied it. Use your app or a recovery code, remove it "
    "under Account, and tell your administrator."
)
LONGEST = 16_384


def _credential() -> forms.CharField:
    return forms.CharField(
        max_length=LONGEST,
        widget=forms.HiddenInput,
        error_messages={"required": NOTHING_CAME, "max_length": NOT_MADE},
    )


class NewPasskeyForm(forms.Form):
    use_required_attribute = False

    name = forms.CharField(
        label="A name by which you know it again",
        max_length=passkeys.LETTERS,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    credential = _credential()

    def clean_credential(self) -> tuple[dict[str, Any], int]:
        try:
            return ceremony.made(self.cleaned_data["credential"])
        except ceremony.Refused as refused:
            raise forms.ValidationError(NOT_MADE) from refused

    def refuse(self, message: str) -> None:
        self.add_error("credential", message)


class PasskeyForm(CountedTries, AuthenticateWebAuthnForm):
    """In place of django-allauth's, which takes a key that was copied, and any number of answers to one challenge."""

    credential = _credential()  # type: ignore[assignment]  # one reader for both, ceremony.py

    def clean_credential(self) -> Authenticator:
        right = self.count_try()
        try:
            key, counter = ceremony.signed(self.user, self.cleaned_data["credential"])
        except ceremony.Refused as refused:
            self.remember("gave wrong second factor", by_what="passkey")
            raise forms.ValidationError(NOT_RIGHT) from refused
        if not passkeys.counts(key=key, counter=counter, now=clock.real()):
            self.remember("gave wrong second factor", by_what="copied passkey")
            raise forms.ValidationError(COPIED)
        right()
        self.remember("used passkey", by=self.user)
        return key

    def save(self) -> None:
        super().save()
        context.request.session[sessions.SECOND_FACTOR] = str(self.user.pk)
