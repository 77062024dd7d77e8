"""How django-allauth is to treat our staff: nobody signs up, and what changes about an account is told by mail."""

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.signals import password_changed, password_reset
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import reverse

from recovery import audit, clock, sessions
from recovery.models import User

log = logging.getLogger(__name__)

DEVICE = "device"
LETTERS = 300


class StaffAccounts(DefaultAccountAdapter):
    """Staff accounts are made by invitation. Nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_reauthentication_methods(self, user: AbstractBaseUser | AnonymousUser) -> list[dict[str, Any]]:
        """By the password: whoever sits at a desk that was left has the session, and maybe the telephone beside it."""
        if not user.is_authenticated or not user.has_usable_password():
            return []
        return [
            {"id": "reauthenticate", "description": "Your password", "url": reverse("account_reauthenticate")}
        ]


def tell(request: HttpRequest, user: User, what: str) -> None:
    """Mail somebody what was changed about their account, so that they notice when it was not them. A mail server that
    is away does not undo the change."""
    try:
        StaffAccounts(request).send_mail("account/email/account_changed", user.email, {"what": what})
    except (SMTPException, OSError) as error:
        log.warning("a change of an account could not be mailed: %s", type(error).__name__)


@receiver(user_logged_in)
def _remember_browser(request: HttpRequest, user: User, **_: Any) -> None:
    now = clock.real()
    request.session[DEVICE] = request.META.get("HTTP_USER_AGENT", "")[:LETTERS]
    sessions.forget_ended(now)
    audit.record(what="signed in", now=clock.now(), user=user, subject=user)


@receiver([password_changed, password_reset])
def _sign_out_elsewhere(request: HttpRequest, user: User, **_: Any) -> None:
    sessions.end_all(user=user, but=request.session.session_key)
    audit.record(what="changed password", now=clock.now(), user=user, subject=user)
    tell(request, user, "Your password was changed.")
