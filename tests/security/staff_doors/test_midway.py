"""S13, S16, S17: what is done to somebody between their two factors, and what neither a new password nor a new
second factor gives."""

from urllib.parse import urlencode

import pytest
from django.test import Client

from recovery import clock, sealing, second_factor
from recovery.dashboard.views.security import NEW_SECRET
from recovery.models import AuditEvent, StaffSession, User
from tests.dashboard.scenes import said
from tests.factories import PASSWORD
from tests.security.staff_doors.people import (
    SET_UP,
    SIGN_IN,
    give_code,
    give_password,
    is_in,
    passes,
    with_app,
)
from tests.signing_in import row_of, shown_code, sign_in

ANOTHER = "purple horse battery staple"


def signed_in_for_eleven_hours(user: User) -> Client:
    """And busy until now."""
    client = Client()
    sign_in(client, user, PASSWORD)
    passes(client, hours=11)
    StaffSession.objects.filter(user=user).update(seen_at=clock.real())
    return client


def began_at(client: Client) -> object:
    return row_of(client).began_at


# --- between the two factors


def test_s13_a_password_that_was_changed_since_lets_nobody_on_to_the_end(ben: User) -> None:
    client = give_password(with_app(ben))
    ben.set_password(ANOTHER)
    ben.save()

    refused = give_code(client, shown_code())

    assert refused["Location"] == SIGN_IN
    assert "Sign in again" in said(client.get(SIGN_IN))
    assert not is_in(client)
    assert list(AuditEvent.objects.values_list("what", flat=True)) == ["failed to sign in"]
    assert give_code(give_password(ben, password=ANOTHER), shown_code(1))["Location"] == "/"


def test_s13_an_account_that_was_closed_since_lets_nobody_on_to_the_end(ben: User) -> None:
    client = give_password(with_app(ben))
    User.objects.filter(pk=ben.pk).update(is_active=False)

    refused = give_code(client, shown_code())

    assert refused["Location"] == SIGN_IN
    assert not is_in(client)
    assert not AuditEvent.objects.filter(what="signed in").exists()


# --- the twelve hours


def test_s16_a_new_password_does_not_begin_the_twelve_hours_anew(ben: User) -> None:
    client = signed_in_for_eleven_hours(ben)
    name, began = client.session.session_key, began_at(client)

    client.post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": ANOTHER, "password2": ANOTHER}
    )

    assert client.session.session_key != name
    assert began_at(client) == began
    passes(client, hours=1)
    assert not is_in(client)


def test_s16_a_new_second_factor_does_not_begin_the_twelve_hours_anew(ben: User) -> None:
    client = signed_in_for_eleven_hours(ben)
    name, began = client.session.session_key, began_at(client)

    asked = client.get(SET_UP)
    client.post(asked["Location"], {"password": PASSWORD})
    client.get(SET_UP)
    secret = sealing.unseal(client.session[NEW_SECRET])
    done = client.post(SET_UP, {"code": second_factor.code_at(secret, clock.real())})

    assert "Your authenticator app is set up." in said(done)
    assert client.session.session_key != name
    assert began_at(client) == began


# --- where signing in leads


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "https://evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "https:evil.example",
        "http:///evil.example",
        "https://testserver@evil.example/",
        "https://testserver.evil.example/",
        "//testserver\\@evil.example",
        "/\t/evil.example",
        " //evil.example",
        "javascript:alert(1)",
        "http://[",
    ],
)
def test_s17_whoever_signs_in_is_led_nowhere_else(ben: User, wanted: str) -> None:
    """Nor is who signs out, and what is no address at all fails nowhere."""
    with_app(ben)
    client = Client()
    client.post(f"{SIGN_IN}?{urlencode({'next': wanted})}", {"login": ben.email, "password": PASSWORD})

    led_in = give_code(client, shown_code())
    led_out = client.post("/accounts/logout/", {"next": wanted})

    assert (led_in["Location"], led_out["Location"]) == ("/", SIGN_IN)
