"""S15: a password alone shows nothing; a code counts once; what stands in for it is kept as a hash."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.db import connection, connections
from django.test import Client
from pytest_django import Settings

from recovery import clock, second_factor
from recovery.dashboard.forms.second_factor import SetUpForm
from recovery.dashboard.urls import urlpatterns
from recovery.models import CareTeam, RecoveryCode, User
from tests import factories
from tests.dashboard.scenes import said
from tests.factories import PASSWORD
from tests.security.staff_doors.keys import NEW
from tests.security.staff_doors.people import (
    CODE,
    POLL,
    SECURITY,
    SET_UP,
    SIGN_IN,
    give_code,
    give_password,
    half_minutes,
    is_in,
    passes,
    with_app,
)
from tests.signing_in import SECRET, mailed, shown_code, sign_in

ROLES = ("nurse", "doctor", "coordinator", "admin")


def secret_on(page: Any) -> str:
    found = re.search(r'id="secret">([A-Z2-7 ]+)<', page.content.decode())
    assert found is not None
    return found[1].replace(" ", "")


def codes_on(page: Any) -> list[str]:
    return re.findall(r"<code>([a-z2-9-]+)</code>", page.content.decode())


@pytest.fixture
def fixed_time(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The middle of a step, which does not go on while the test looks."""
    now = half_minutes(0).replace(second=15, microsecond=0)
    monkeypatch.setattr(clock, "real", lambda: now)
    return now


@pytest.mark.parametrize("role", ROLES)
def test_s15_each_role_is_asked_for_the_second_factor_after_the_password(team: CareTeam, role: str) -> None:
    user = with_app(factories.member(team, "Nia Boateng", role))

    client = give_password(user)
    before = is_in(client)
    answer = give_code(client, shown_code())

    assert (before, answer["Location"], is_in(client)) == (False, "/", True)


def test_s15_whoever_has_none_reaches_no_page_but_those_that_set_it_up(ben: User) -> None:
    client = give_password(ben)
    routes = [f"/{pattern.pattern}" for pattern in urlpatterns]
    there = [re.sub(r"<[^>]+>", "00000000-0000-4000-8000-000000000000", route) for route in routes]

    answers = {route: client.generic(method, route) for route in there for method in ("GET", "POST")}

    by_app, by_passkey = answers.pop(SET_UP), answers.pop(NEW)
    assert (by_app.status_code, by_passkey.status_code) == (422, 422)
    assert {answer.status_code for answer in answers.values()} == {302}
    assert {answer["Location"] for answer in answers.values()} == {SET_UP}
    assert client.get(POLL, headers={"HX-Request": "true"})["HX-Redirect"] == SET_UP
    assert client.get("/api/v1/care/on-call").status_code == 403


def test_s15_setting_it_up_ends_every_session_that_was_opened_without_it(ben: User) -> None:
    elsewhere, client = give_password(ben), give_password(ben)
    before = client.session.session_key

    secret = secret_on(client.get(SET_UP))
    codes = codes_on(client.post(SET_UP, {"code": second_factor.code_at(secret, clock.real())}))

    assert is_in(client)
    assert client.session.session_key != before
    assert elsewhere.get(SET_UP)["Location"].startswith(SIGN_IN)
    assert len(set(codes)) == second_factor.CODES


@pytest.mark.django_db(transaction=True)
def test_s15_of_two_who_know_the_password_alone_and_set_up_an_app_at_once_one_does(ben: User) -> None:
    """Else whoever learned the password would replace what its owner has just set up."""

    def set_up(_: int) -> str:
        secret, now = second_factor.new_secret(), clock.real()
        code = second_factor.code_at(secret, now)
        try:
            second_factor.set_up(user=ben, secret=secret, code=code, with_both=False, keep=None, now=now)
        except second_factor.SetUpElsewhere:
            return "refused"
        finally:
            connections.close_all()
        return "set up"

    with ThreadPoolExecutor(2) as both:
        done = sorted(both.map(set_up, range(2)))

    assert done == ["refused", "set up"]
    assert Authenticator.objects.filter(user=ben).count() == 1


def test_s15_who_set_one_up_elsewhere_while_the_form_was_read_signs_in_again_with_it(
    ben: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = give_password(ben)
    secret = secret_on(client.get(SET_UP))
    reads = SetUpForm.is_valid
    monkeypatch.setattr(SetUpForm, "is_valid", lambda form: with_app(ben) and reads(form))

    answer = client.post(SET_UP, {"code": second_factor.code_at(secret, clock.real())})

    assert answer["Location"] == SIGN_IN
    assert second_factor.takes(user=ben, typed=shown_code(), now=clock.real()) == "app"


def test_s15_a_wrong_code_sets_nothing_up_and_the_picture_stays(ben: User) -> None:
    client = give_password(ben)
    secret = secret_on(client.get(SET_UP))

    refused = client.post(SET_UP, {"code": "000000 "})

    assert refused.status_code == 422
    assert secret_on(refused) == secret
    assert not Authenticator.objects.exists()


def test_s15_the_same_code_lets_nobody_in_a_second_time(ben: User, fixed_time: Any) -> None:
    with_app(ben)
    code = shown_code()

    first = give_code(give_password(ben), code)
    again = give_code(give_password(ben), code)
    earlier = give_code(give_password(ben), shown_code(-1))
    later = give_code(give_password(ben), shown_code(1))

    assert [first.status_code, again.status_code, earlier.status_code, later.status_code] == [
        302,
        200,
        200,
        302,
    ]
    assert "Each works once" in said(again)


@pytest.mark.django_db(transaction=True)
def test_s15_of_twenty_who_send_the_same_code_at_once_one_is_let_in(ben: User, fixed_time: Any) -> None:
    with_app(ben)

    def take(_: int) -> str | None:
        try:
            return second_factor.takes(user=ben, typed=shown_code(), now=fixed_time)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as many:
        taken = list(many.map(take, range(20)))

    assert sorted(taken, key=str) == [None] * 19 + ["app"]


@pytest.mark.parametrize(("step", "taken"), [(-2, None), (-1, "app"), (0, "app"), (1, "app"), (2, None)])
def test_s15_a_clock_may_be_off_by_one_step_and_the_clock_is_ours(
    ben: User, fixed_time: Any, step: int, taken: str | None
) -> None:
    with_app(ben)

    assert second_factor.takes(user=ben, typed=shown_code(step), now=fixed_time) == taken


def test_s15_after_five_wrong_codes_the_right_one_does_not_help_either(ben: User) -> None:
    with_app(ben)
    client = give_password(ben)

    told = [said(give_code(client, "123")) for _ in range(5)]
    refused = give_code(client, shown_code())

    assert all("This code is not right" in words for words in told)
    assert refused.status_code == 200
    assert "Too many" in said(refused)
    assert not is_in(client)


def test_s15_a_recovery_code_works_once_however_it_is_typed(ben: User) -> None:
    with_app(ben)
    code = second_factor.new_codes(user=ben, now=clock.real())[0]

    first = give_code(give_password(ben), code.replace("-", " ").upper())
    again = give_code(give_password(ben), code)

    assert (first["Location"], again.status_code) == ("/", 200)
    assert second_factor.codes_left(ben) == second_factor.CODES - 1


def test_s15_of_recovery_codes_and_secrets_nothing_can_be_read_in_the_database(ben: User) -> None:
    client = give_password(ben)
    secret = secret_on(client.get(SET_UP))
    codes = codes_on(client.post(SET_UP, {"code": second_factor.code_at(secret, clock.real())}))

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT data::text FROM mfa_authenticator UNION SELECT code_hash FROM recovery_recoverycode"
        )
        stored = " ".join(row[0] for row in cursor.fetchall())

    assert secret not in stored
    assert not [code for code in codes if code in stored or code.replace("-", "") in stored]
    assert RecoveryCode.objects.count() == len(codes)


def test_s15_recovery_codes_are_shown_once_and_new_ones_end_the_old(ben: User) -> None:
    client = Client()
    sign_in(client, ben, PASSWORD)
    old = second_factor.new_codes(user=ben, now=clock.real())

    new = codes_on(client.post("/account/recovery-codes"))

    assert not set(old) & set(new)
    assert codes_on(client.get(SECURITY)) == []
    assert second_factor.takes(user=ben, typed=old[0], now=clock.real()) is None
    assert "recovery codes were replaced" in mail.outbox[-1].body


def test_s15_setting_a_new_password_by_mail_does_not_go_around_it(ben: User) -> None:
    with_app(ben)
    client, new = Client(), "four words never together"
    client.post("/accounts/password/reset/", {"email": ben.email})
    link = re.search(r"http://\S+(/accounts/password/reset/key/\S+)", mailed().body)
    assert link is not None
    form = client.get(link[1], follow=True)

    client.post(form.redirect_chain[-1][0], {"password1": new, "password2": new})

    assert not is_in(client)
    assert not is_in(give_password(ben, client, new))
    assert client.post(CODE, {"code": shown_code()})["Location"] == "/"


def test_s15_the_app_is_replaced_after_the_password_alone_and_the_old_one_counts_no_more(ben: User) -> None:
    client, other = Client(), Client()
    sign_in(client, ben, PASSWORD)
    other.force_login(ben)
    passes(client, minutes=6)

    asked = client.get(SET_UP)
    back = client.post(asked["Location"], {"password": PASSWORD})
    secret = secret_on(client.get(back["Location"]))
    client.post(SET_UP, {"code": second_factor.code_at(secret, clock.real())})

    assert asked["Location"].startswith("/accounts/reauthenticate/")
    assert not is_in(other)
    assert second_factor.takes(user=ben, typed=shown_code(1), now=clock.real()) is None
    assert second_factor.takes(
        user=ben, typed=second_factor.code_at(secret, half_minutes(1)), now=clock.real()
    )
    assert secret != SECRET
    assert "authenticator app was replaced" in mail.outbox[-1].body


def test_s48_a_change_of_the_key_takes_no_app_from_anybody(ben: User, settings: Settings) -> None:
    with_app(ben)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key that is long enough for a test of ours"

    sealed_anew = second_factor.seal_anew(database="default")
    settings.SECRET_KEY_FALLBACKS = []

    assert sealed_anew == (1, 0)
    assert second_factor.takes(user=ben, typed=shown_code(), now=clock.real()) == "app"


def test_without_the_key_of_an_app_a_recovery_code_lets_in(ben: User, settings: Settings) -> None:
    with_app(ben)
    code = second_factor.new_codes(user=ben, now=clock.real())[0]
    settings.SECRET_KEY = "a key under which nothing was ever sealed, long enough"

    assert second_factor.seal_anew(database="default") == (0, 1)
    assert second_factor.takes(user=ben, typed=shown_code(), now=clock.real()) is None
    assert second_factor.takes(user=ben, typed=code, now=clock.real()) == "recovery code"


def test_a_demo_shows_the_code_and_says_that_it_is_one(ben: User, settings: Settings) -> None:
    with_app(ben)
    settings.DEMO_SECOND_FACTOR = SECRET
    seats = [give_password(ben), give_password(ben)]

    page = seats[0].get(CODE)
    first = give_code(seats[0], demo_code_on(page))
    second = give_code(seats[1], demo_code_on(seats[1].get(CODE)))

    assert "This is a demonstration" in said(page)
    assert [first["Location"], second["Location"]] == ["/", "/"]


def test_outside_of_a_demo_no_page_shows_a_code(ben: User) -> None:
    with_app(ben)

    assert "demonstration" not in said(give_password(ben).get(CODE))


def demo_code_on(page: Any) -> str:
    found = re.search(r'id="demo-code">(\d{6})<', page.content.decode())
    assert found is not None
    return found[1]
