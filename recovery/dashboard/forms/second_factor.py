"""Six digits from an authenticator app, or a recovery code: at signing in, and when an app is set up."""

from collections.abc import Callable
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.internal.flows import check_rate_limit, post_authentication
from allauth.mfa.models import Authenticator
from django import forms

from recovery import audit, clock, second_factor, sessions
from recovery.dashboard.accounts import LOCKED_OUT_EVERY
from recovery.models import User

AS_SHOWN = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
WRONG = "This code is not right. Each works once; wait for the next one that the app shows, and type that."
WRONG_RECOVERY = "This is none of your recovery codes, or it was used. Each works once."


def _code(label: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=40,
        widget=forms.TextInput(attrs=AS_SHOWN),
        error_messages={"required": "Type the code."},
    )


class CountedTries:
    """One count for every way to give a second factor: who is locked out of one is locked out of all."""

    user: User

    def count_try(self) -> Callable[[], None]:
        """What is to be called when the try was right. Raises ValidationError for whoever is locked out."""
        try:
            right: Callable[[], None] = check_rate_limit(self.user)
        except forms.ValidationError:
            self.remember("locked out of second factor", at_most_every=LOCKED_OUT_EVERY)
            raise
        return right

    def remember(self, what: str, **how: Any) -> None:
        audit.record_account(what=what, now=clock.now(), user=self.user, **how)


class SecondFactorForm(CountedTries, AuthenticateForm):
    """In place of django-allauth's: of two who send the same code at once one is let in."""

    code = _code("Code")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.app = second_factor.app_of(self.user)
        if self.app is None:
            self.fields["code"].label = "Recovery code"

    def clean_code(self) -> str:
        right = self.count_try()
        found = second_factor.takes(user=self.user, typed=self.cleaned_data["code"], now=clock.real())
        if found is None:
            self.remember("gave wrong second factor")
            raise forms.ValidationError(WRONG if self.app else WRONG_RECOVERY)
        right()
        return found

    def save(self) -> None:
        request = context.request
        if self.app is not None:
            post_authentication(request, self.app)
        else:
            record_authentication(request, self.user, "mfa", type=Authenticator.Type.RECOVERY_CODES.value)
        request.session[sessions.SECOND_FACTOR] = str(self.user.pk)


class SetUpForm(forms.Form):
    """What the app shows once it has been given the secret."""

    use_required_attribute = False

    code = _code("The six digits that the app shows now")

    def refuse(self) -> None:
        self.add_error("code", WRONG)
