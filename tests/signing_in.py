"""How tests come in. Whoever is signed in by force has given both factors; whoever signs in through the pages gives the
second as a telephone would. The one place to change when signing in changes."""

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.core.mail import EmailMessage
    from django.http import HttpRequest
    from django.test import Client

    from recovery.models import StaffSession, User

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
"""In the app of everybody who has one."""


def whole_by_force(sender: object, request: "HttpRequest", user: "User", **_: Any) -> None:
    """Receiver of `user_logged_in`: a client that was signed in by force sends no request of its own."""
    from django.http import HttpRequest

    from recovery import sessions

    if type(request) is HttpRequest:
        request.session[sessions.SECOND_FACTOR] = str(user.pk)


def session_of(user: "User") -> str:
    """The key of a session of theirs that is signed in with both factors."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from recovery import sessions
    from recovery.dashboard.sessions import SessionStore

    session = SessionStore()
    session[SESSION_KEY] = session[sessions.SECOND_FACTOR] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    session.save()
    return str(session.session_key)


def row_of(client: "Client") -> "StaffSession":
    """The session of this browser, as the database has it."""
    from recovery import asking
    from recovery.models import StaffSession

    return StaffSession.objects.get(session_key=asking.name_for(client.session.session_key))


def give_app(user: "User") -> None:
    """Their app knows `SECRET`."""
    from allauth.mfa.models import Authenticator

    from recovery import sealing

    Authenticator.objects.update_or_create(
        user=user, type="totp", defaults={"data": {"secret": sealing.seal(SECRET)}}
    )


def shown_code(step: int = 0) -> str:
    """What the app shows; `step`: so many half minutes on."""
    from datetime import timedelta

    from recovery import clock, second_factor

    return second_factor.code_at(SECRET, clock.real() + timedelta(seconds=step * second_factor.PERIOD_S))


def mailed() -> "EmailMessage":
    """The first mail. Those of a lost password leave behind the answer."""
    from django.core import mail

    from tests.waiting import wait_until

    wait_until(lambda: bool(mail.outbox), why="no mail has left")
    message: EmailMessage = mail.outbox[0]
    return message


def sign_in(client: "Client", user: "User", password: str) -> Any:
    """Through the pages, with a password and what the app shows. The answer to the code."""
    give_app(user)
    answer = client.post("/accounts/login/", {"login": user.email, "password": password})
    assert (answer.status_code, answer["Location"]) == (HTTPStatus.FOUND, "/accounts/second-factor/")
    return client.post("/accounts/second-factor/", {"code": shown_code()})
