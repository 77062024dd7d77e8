from typing import Any

from allauth.mfa.base.views import AuthenticateView
from django.conf import settings

from recovery import clock, passkeys, second_factor
from recovery.dashboard import ceremony


class SecondFactor(AuthenticateView):
    """A code or a passkey after the password. In a demo, which has one secret for all, the page shows the code."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.stage.login.user
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["has_app"] = self.auth_form.app is not None
        context["has_passkey"] = ceremony.is_offered() and passkeys.of(user).exists()
        if context["has_passkey"]:
            context["options"] = ceremony.to_sign(user)
        if settings.DEMO_SECOND_FACTOR:
            context["demo_second_factor"] = second_factor.next_code(user, clock.real())
        return context
