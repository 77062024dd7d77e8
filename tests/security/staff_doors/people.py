"""Staff before the doors: past the password, past the code, and how time passes for a browser."""

from datetime import datetime, timedelta
from typing import Any

from django.test import Client

from recovery import clock
from recovery.models import StaffSession, User
from tests.factories import PASSWORD
from tests.signing_in import give_app, row_of

SIGN_IN, CODE = "/accounts/login/", "/accounts/second-factor/"
SET_UP, SECURITY = "/account/second-factor", "/account/security"
POLL = "/board/list"


def give_password(user: User, client: Client | None = None, password: str = PASSWORD) -> Client:
    """Past the password and no further."""
    client = client or Client()
    answer = client.post(SIGN_IN, {"login": user.email, "password": password})
    assert answer.status_code == 302
    return client


def give_code(client: Client, code: str) -> Any:
    return client.post(CODE, {"code": code})


def with_app(user: User) -> User:
    give_app(user)
    return user


def is_in(client: Client) -> bool:
    return bool(client.get("/").status_code == 200)


def passes(client: Client, **time: float) -> None:
    """So much time passes for this browser: nobody touches it."""
    row = row_of(client)
    ago = timedelta(**time)
    StaffSession.objects.filter(pk=row.pk).update(seen_at=row.seen_at - ago, began_at=row.began_at - ago)


def half_minutes(number: int) -> datetime:
    """The real time, so many steps of a code from now."""
    return clock.real() + timedelta(seconds=30 * number)
