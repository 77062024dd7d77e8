import re

import pytest
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.test import Client

from recovery.models import CareTeam, DeviceToken, User
from tests import factories
from tests.dashboard.conftest import SignIn
from tests.dashboard.scenes import page_of, report, said
from tests.factories import PASSWORD
from tests.signing_in import give_app, mailed, shown_code
from tests.signing_in import sign_in as sign_in_through_the_pages


def test_signing_in_with_email_and_password(ben: User) -> None:
    client = Client()

    wrong = client.post("/accounts/login/", {"login": ben.email, "password": "wrong"})
    ben.email = ben.email.upper()
    right = sign_in_through_the_pages(client, ben, PASSWORD)

    assert "not correct" in said(wrong)
    assert right["Location"] == "/"
    assert "Ben Okafor" in said(client.get("/"))


def test_whoever_is_not_signed_in_comes_back_to_the_page_they_wanted(ana: DeviceToken, ben: User) -> None:
    alert = report(ana, 28, bleeding="oozing").episode.alerts.get()
    client = Client()

    to_sign_in = client.get(page_of(alert))
    give_app(ben)
    client.post(to_sign_in["Location"], {"login": ben.email, "password": PASSWORD, "next": page_of(alert)})
    back = client.post("/accounts/second-factor/", {"code": shown_code()})

    assert to_sign_in["Location"] == f"/accounts/login/?next=%2Falerts%2F{alert.uuid}"
    assert back["Location"] == page_of(alert)


def test_somebody_whose_account_is_closed_cannot_sign_in_and_is_out_at_once(
    ben: User, sign_in: SignIn
) -> None:
    client = sign_in(ben)
    User.objects.update(is_active=False)

    assert client.get("/").status_code == 302
    answer = Client().post("/accounts/login/", {"login": ben.email, "password": PASSWORD}, follow=True)
    assert "This account is closed" in said(answer)


def test_signing_out_needs_a_press(ben: User, sign_in: SignIn) -> None:
    client = sign_in(ben)

    assert "Do you want to sign out?" in said(client.get("/accounts/logout/"))
    client.post("/accounts/logout/")
    assert client.get("/").status_code == 302


def test_nobody_signs_up(db: None) -> None:
    client, new = Client(), {"email": "eve@example.org", "password1": "a long new password"}

    assert "Nobody signs up here" in said(client.get("/accounts/signup/"))
    client.post("/accounts/signup/", new)
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "address", ["/accounts/email/", "/accounts/confirm-email/", "/accounts/password/set/"]
)
def test_what_allauth_has_besides_is_not_there(ben: User, sign_in: SignIn, address: str) -> None:
    assert sign_in(ben).get(address).status_code == 404


def test_a_forgotten_password_is_set_anew(ben: User) -> None:
    client, new = Client(), "four words never together"
    client.post("/accounts/password/reset/", {"email": ben.email})
    link = re.search(r"http://\S+(/accounts/password/reset/key/\S+)", mailed().body)
    assert link is not None

    form = client.get(link[1], follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": new, "password2": new})
    answer = sign_in_through_the_pages(client, ben, new)

    assert answer["Location"] == "/"
    assert "Ben" not in mailed().body


def test_an_address_nobody_has_gets_no_other_answer(ben: User) -> None:
    client = Client()

    known = client.post("/accounts/password/reset/", {"email": ben.email}, follow=True)
    unknown = client.post("/accounts/password/reset/", {"email": "nobody@example.org"}, follow=True)

    assert said(known) == said(unknown)


def test_changing_the_own_password(ben: User, sign_in: SignIn) -> None:
    client, new = sign_in(ben), "four words never together"
    typed = {"oldpassword": PASSWORD, "password1": new, "password2": new}

    assert "Your password is changed." in said(client.post("/accounts/password/change/", typed, follow=True))
    ben.refresh_from_db()
    assert ben.check_password(new)


def test_whoever_never_had_a_password_sets_the_first_one_by_mail(team: CareTeam, sign_in: SignIn) -> None:
    nia = factories.member(team, "Nia Boateng", password=None)
    client = sign_in(nia)

    sent_on = client.get("/accounts/password/change/")
    client.post(sent_on["Location"], {"email": nia.email})

    assert sent_on["Location"] == "/accounts/password/reset/"
    assert "/accounts/password/reset/key/" in mailed().body


PAGES = ["/", "/board/list", "/review", "/reports", "/alerts/0b5c6b5e-3f1f-4a43-9a0e-3c3b3a4f1d7e"]
OPEN = ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"]


@pytest.mark.parametrize("address", [*PAGES, *OPEN])
def test_no_copy_is_kept_of_any_page(ben: User, sign_in: SignIn, address: str) -> None:
    for client in (sign_in(ben), Client()):
        response = client.get(address)
        assert "no-store" in response["Cache-Control"]
        assert "Cookie" in response["Vary"]


@pytest.mark.parametrize("address", [*PAGES, "/accounts/login/"])
def test_no_page_needs_what_the_policy_forbids(ben: User, sign_in: SignIn, address: str) -> None:
    page = (sign_in(ben) if address in PAGES else Client()).get(address)

    assert "'unsafe" not in page["Content-Security-Policy"]
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\bsrc=)", page.content.decode())


def test_a_form_older_than_the_sign_in_is_refused_in_words(ben: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ben)

    answer = client.post("/accounts/logout/", {"csrfmiddlewaretoken": "x" * 32})

    assert answer.status_code == 403
    assert "This was not sent" in said(answer)
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("address", ["/nothing-here", "/alerts/not-an-id", "/accounts/email/"])
def test_no_copy_is_kept_of_what_is_not_there(ben: User, sign_in: SignIn, address: str) -> None:
    """The address may be somebody's tomorrow, and a shared browser is asked what it has seen."""
    for client in (sign_in(ben), Client()):
        answer = client.get(address)

        assert answer.status_code == 404
        assert "no-store" in answer["Cache-Control"]


def test_where_nothing_is_a_form_that_cannot_be_read_is_no_fault_of_ours(ben: User) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(ben)
    client.cookies["csrftoken"] = "c" * 32

    answer = client.generic("POST", "/nothing-here", b"[[[[", content_type="multipart/form-data")

    assert answer.status_code == 404
    assert "There is nothing here" in said(answer)


def test_no_copy_is_kept_of_a_failure(ben: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    client = sign_in(ben)
    client.raise_request_exception = False
    monkeypatch.setattr("recovery.dashboard.screens.pulse.outline", lambda *_: 1 / 0)

    answer = client.get("/")

    assert answer.status_code == 500
    assert "Something went wrong on our side" in said(answer)
    assert "no-store" in answer["Cache-Control"]


def test_a_database_that_does_not_answer_is_no_fault_but_a_pause(
    ben: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("the connection is lost")

    client = sign_in(ben)
    client.raise_request_exception = False
    monkeypatch.setattr("recovery.dashboard.views.board._board", fail)

    answer = client.get("/")

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "look before you try again" in answer.content.decode()


def test_no_copy_is_kept_of_a_method_that_is_not_answered(ben: User, sign_in: SignIn) -> None:
    for address in ("/", "/board/list", "/phone", "/accounts/logout/"):
        answer = sign_in(ben).delete(address)

        assert answer.status_code == 405
        assert "no-store" in answer["Cache-Control"]


def test_no_copy_is_kept_of_a_request_that_names_no_host_of_ours(db: None) -> None:
    answer = Client().get("/", headers={"Host": "elsewhere.example"})

    assert answer.status_code == 400
    assert "no-store" in answer["Cache-Control"]
    assert "Go to the board" in said(answer)


def test_who_may_not_is_shown_the_way_back(
    ben: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionDenied

    monkeypatch.setattr("recovery.dashboard.views.board._board", refuse)

    answer = sign_in(ben).get("/")

    assert answer.status_code == 403
    assert "ask an administrator of your team" in said(answer)


def test_a_fault_is_told_even_where_no_page_can_be_drawn(
    ben: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sign_in(ben)
    client.raise_request_exception = False
    monkeypatch.setattr("django.templatetags.static.StaticNode.url", lambda *_: 1 / 0)

    answer = client.get("/")

    assert answer.status_code == 500
    assert answer["Content-Type"] == "text/plain"
    assert "may not have been saved" in answer.content.decode()
