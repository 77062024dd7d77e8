"""Six digits from an authenticator app, or a recovery code: at signing in, and when an app is set up."""

from typing import Any

from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.internal.flows import check_rate_limit
from django import forms

from recovery import audit, clock, second_factor, sessions
from recovery.dashboard.accounts import LOCKED_OUT_EVERY

AS_SHOWN = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
WRONG = "This code is not right. Each works once; wait for the next one that the app shows, and type that."


def _code(label: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=40,
        widget=forms.TextInput(attrs=AS_SHOWN),
        error_messages={"required": "Type the code that the app shows."},
    )


class SecondFactorForm(AuthenticateForm):
    """In place of django-allauth's: of two who send the same code at once one is let in."""

    code = _code("Code")

    def clean_code(self) -> str:
        try:
            right = check_rate_limit(self.user)
        except forms.ValidationError:
            self._remember("locked out of second factor", at_most_every=LOCKED_OUT_EVERY)
            raise
        found = second_factor.takes(user=self.user, typed=self.cleaned_data["code"], now=clock.real())
        app = second_factor.app_of(self.user)
        if found is None or app is None:
            self._remember("gave wrong second factor")
            raise forms.ValidationError(WRONG)
        right()
        self.authenticator = app
        return found

    def _remember(self, what: str, **how: Any) -> None:
        audit.record_account(what=what, now=clock.now(), user=self.user, **how)

    def save(self) -> None:
        super().save()
        context.request.session[sessions.SECOND_FACTOR] = str(self.user.pk)


class SetUpForm(forms.Form):
    """What the app shows once it has been given the secret."""

    use_required_attribute = False

    code = _code("The six digits that the app shows now")

    def refuse(self) -> None:
        self.add_error("code", WRONG)
