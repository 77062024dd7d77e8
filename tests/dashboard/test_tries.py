"""How often somebody may try to sign in: counted in the database, for all processes together."""

import os
import re
from collections.abc import Generator

import psycopg
import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from recovery.models import DeviceToken, User
from tests import factories
from tests.dashboard.scenes import said
from tests.factories import PASSWORD
from tests.signing_in import mailed

TOO_OFTEN = "Too many failed login attempts"


def try_to_sign_in(user: User, password: str = "wrong", **headers: str) -> str:
    """What the page says; nothing when it let them in."""
    answer = Client().post(
        "/accounts/login/", {"login": user.email, "password": password}, headers=headers or None
    )
    return "" if answer.status_code == 302 else said(answer)


def test_after_five_wrong_tries_the_right_password_does_not_help_either(ben: User) -> None:
    told = [try_to_sign_in(ben) for _ in range(5)]

    assert not any(TOO_OFTEN in words for words in told)
    assert TOO_OFTEN in try_to_sign_in(ben, PASSWORD)


def test_a_new_password_by_mail_lets_them_in_at_once(ben: User) -> None:
    client, new = Client(), "four words never together"
    for _ in range(5):
        try_to_sign_in(ben)

    client.post("/accounts/password/reset/", {"email": ben.email})
    link = re.search(r"http://\S+(/accounts/password/reset/key/\S+)", mailed().body)
    assert link is not None
    form = client.get(link[1], follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": new, "password2": new})

    assert try_to_sign_in(ben, new) == ""


def test_the_count_stands_where_every_process_reads_it(ben: User) -> None:
    try_to_sign_in(ben)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT cache_key, expires > now() FROM recovery_tries WHERE cache_key NOT LIKE '%lock'"
        )
        counts = dict(cursor.fetchall())
    assert (
        sum("login_failed" in key for key in counts) == 2
    )  # of the address written to, and of the one written from
    assert set(counts.values()) == {True}
    assert ben.email not in str(counts)


def test_nobody_is_shut_out_by_what_somebody_else_tries_elsewhere(ben: User, settings: Settings) -> None:
    """In production all requests come from the proxy, which names the address of each caller."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    strangers = [User(email=f"stranger.{number}@example.org") for number in range(11)]
    told = [try_to_sign_in(stranger, **{"X-Forwarded-For": "192.0.2.1"}) for stranger in strangers]

    assert TOO_OFTEN in told[-1]
    assert try_to_sign_in(ben, PASSWORD, **{"X-Forwarded-For": "192.0.2.2"}) == ""


@pytest.fixture
def counting_fails(transactional_db: None) -> Generator[None]:
    """Somebody holds the table, and does not let go while the test runs."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"]) as owner:
        owner.execute("LOCK TABLE recovery_tries IN ACCESS EXCLUSIVE MODE")
        yield
        owner.rollback()


@pytest.mark.django_db(transaction=True)
def test_while_nothing_can_be_counted_nobody_signs_in_and_nobody_is_put_out(
    ben: User, ana: DeviceToken, counting_fails: None
) -> None:
    signed_in, stranger = Client(), Client(raise_request_exception=False)
    signed_in.force_login(ben)

    refused = stranger.post("/accounts/login/", {"login": ben.email, "password": PASSWORD})

    assert refused.status_code == 503
    assert "sessionid" not in refused.cookies
    assert signed_in.get("/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_phones_do_not_notice(counting_fails: None) -> None:
    token = factories.phone(factories.episode())[1]

    assert Client().get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}).status_code == 200
