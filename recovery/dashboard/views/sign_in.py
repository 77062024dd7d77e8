from typing import Any

from allauth.mfa.base.views import AuthenticateView
from django.conf import settings

from recovery import clock, second_factor


class SecondFactor(AuthenticateView):
    """The code after the password. In a demo, which has one secret for everybody, the page shows it."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        if settings.DEMO_SECOND_FACTOR:
            context["demo_second_factor"] = second_factor.next_code(self.stage.login.user, clock.real())
        return context
