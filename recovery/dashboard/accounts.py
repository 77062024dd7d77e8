"""How django-allauth is to treat our staff: nobody signs up, and what changes about an account is told by mail."""

import logging
from datetime import timedelta
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.signals import password_changed, password_reset
from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.core.exceptions import ValidationError
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from recovery import asking, audit, clock, sessions
from recovery.dashboard import account_mail
from recovery.models import User

log = logging.getLogger(__name__)

DEVICE = "device"
FIRST_FACTOR = "first_factor"
"""In a session that waits for the second factor: which password the first one was."""

LETTERS = 300

LOCKED_OUT_EVERY = timedelta(minutes=1)
"""So often it is remembered that somebody goes on trying while they are locked out: it must not fill the audit."""

MAIL_LETTERS = 254
LOST_PASSWORD, NOBODYS = "account/email/password_reset_key", "account/email/unknown_account"
"""Templates; of the second, which django-allauth would send to strangers, there is none."""


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

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            _remember_try("locked out of signing in", request, credentials, at_most_every=LOCKED_OUT_EVERY)
            raise

    def pre_login(self, request: HttpRequest, user: AbstractBaseUser, **how: Any) -> HttpResponse | None:
        response: HttpResponse | None = super().pre_login(request, user, **how)
        request.session[FIRST_FACTOR] = user.get_session_auth_hash()
        return response

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """Whoever was shut out, or whose password was changed, since they typed it begins anew: a second factor alone
        is only one."""
        if user.is_active and request.session.get(FIRST_FACTOR) == user.get_session_auth_hash():
            super().login(request, user)
            del request.session[FIRST_FACTOR]
            return
        assert isinstance(user, User)
        request.session.flush()
        audit.record_account(what="failed to sign in", now=clock.now(), user=user)
        messages.error(request, "Your account was changed meanwhile. Sign in again.")
        raise ImmediateHttpResponse(HttpResponseRedirect(reverse("account_login")))

    def is_safe_url(self, url: str) -> bool:
        try:
            return bool(super().is_safe_url(url))
        except ValueError:  # no address at all: "http://["
            return False

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        _remember_try("failed to sign in", request, credentials)

    def send_password_reset_mail(self, user: AbstractBaseUser, email: str, context: dict[str, Any]) -> None:
        account_mail.leave(self.render_mail(LOST_PASSWORD, email, context | {"email": email}))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """For an address that nobody has, a mail is written as for somebody, so that it takes as long, and thrown away:
        nobody is mailed because a stranger typed their address."""
        if template_prefix == NOBODYS:
            self.render_mail(LOST_PASSWORD, email, context | {"email": email, "password_reset_url": ""})
        else:
            super().send_mail(template_prefix, email, context)

    def reauthenticate(self, user: AbstractBaseUser, password: str) -> bool:
        is_right: bool = super().reauthenticate(user, password)
        if is_right and isinstance(user, User):
            audit.record_account(what="gave password again", now=clock.now(), user=user, by=user)
        return is_right


def _remember_try(what: str, request: HttpRequest, credentials: dict[str, Any], **how: Any) -> None:
    """Who is signed in asks for their own account, whatever was typed. Nobody is known to have tried another's."""
    known = request.user if isinstance(request.user, User) else None
    email = None if known else str(credentials.get("email", ""))
    audit.record_account(what=what, now=clock.now(), user=known, email=email, **how)


def remember_limit(request: HttpRequest) -> None:
    """A page of the sign-in was asked for too often, and answered 429. Of who is signed in, the refusal is remembered
    by itself (recovery/dashboard/middleware.py)."""
    if request.user.is_authenticated:
        return
    page = request.resolver_match.url_name if request.resolver_match else "page"
    typed = request.POST.get("email") or request.POST.get("login") or ""
    audit.record_account(
        what=f"limited: {page}",
        now=clock.now(),
        email=typed[:MAIL_LETTERS].replace("\0", ""),
        at_most_every=LOCKED_OUT_EVERY,
    )


def tell(request: HttpRequest, user: User, what: str) -> None:
    """Mail somebody what was changed about their account, so that they notice when it was not them. A mail server that
    is away does not undo the change."""
    try:
        StaffAccounts(request).send_mail("account/email/account_changed", user.email, {"what": what})
    except (SMTPException, OSError) as error:
        log.warning("a change of an account could not be mailed: %s", type(error).__name__)


@receiver(user_logged_in)
def _remember_browser(request: HttpRequest, user: User, **_: Any) -> None:
    request.session[DEVICE] = request.META.get("HTTP_USER_AGENT", "")[:LETTERS]
    sessions.forget_ended(real=clock.real(), now=clock.now())
    browser = asking.word_for(request.session.session_key)  # of the session that begins now
    audit.record_account(what="signed in", now=clock.now(), user=user, by=user, browser=browser)


@receiver(user_logged_out)
def _remember_leaving(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        audit.record_account(what="signed out", now=clock.now(), user=user, by=user)


@receiver([password_changed, password_reset])
def _sign_out_elsewhere(request: HttpRequest, user: User, **_: Any) -> None:
    sessions.end_all(user=user, but=request.session.session_key, now=clock.now())
    audit.record_account(what="changed password", now=clock.now(), user=user, by=user)
    tell(request, user, "Your password was changed.")
