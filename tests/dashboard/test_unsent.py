"""What was typed into a page whose session has ended, or that is older than the last sign-in: shown once more, and sent
again by one press."""

import re

import pytest
from django.test import Client

from recovery.models import Alert, DeviceToken, User
from tests.dashboard.conftest import SignIn
from tests.dashboard.scenes import alert_of, page_of, report, said
from tests.factories import PASSWORD
from tests.signing_in import give_app, shown_code

HERE = "http://testserver"
NOTE = "Her <b>son</b> is with her."


@pytest.fixture
def alert(ana: DeviceToken) -> Alert:
    report(ana, 28, bleeding="oozing")
    return alert_of("BLEED-OOZE")


def test_words_sent_after_the_session_ended_come_back_with_the_way_to_sign_in(alert: Alert) -> None:
    answer = Client().post(
        page_of(alert, "/note"),
        {"note": NOTE, "seen": "open:"},
        headers={"Referer": f"{HERE}{page_of(alert)}"},
    )

    assert answer.status_code == 401
    assert "no-store" in answer["Cache-Control"]
    assert "You were signed out before you sent this." in said(answer)
    page = answer.content.decode()
    assert "Her &lt;b&gt;son&lt;/b&gt; is with her." in page
    assert f"?next=%2Falerts%2F{alert.uuid}" in page
    assert f'action="{page_of(alert, "/note")}"' in page
    assert "Whitfield" not in page
    assert alert.events.count() == 1


def test_a_button_without_words_leads_to_the_sign_in_and_back_to_its_page(alert: Alert) -> None:
    answer = Client().post(page_of(alert, "/acknowledge"), headers={"Referer": f"{HERE}{page_of(alert)}"})

    assert (answer.status_code, answer["Location"]) == (
        302,
        f"/accounts/login/?next=%2Falerts%2F{alert.uuid}",
    )


def test_an_open_page_goes_to_the_sign_in_and_comes_back_to_itself(alert: Alert) -> None:
    answer = Client().get(
        page_of(alert, "/state"),
        headers={"HX-Request": "true", "HX-Current-URL": f"{HERE}{page_of(alert)}#note-heading"},
    )

    assert answer["HX-Redirect"] == f"/accounts/login/?next=%2Falerts%2F{alert.uuid}"


@pytest.mark.parametrize(
    "before",
    [
        "https://elsewhere.example/alerts",
        "//elsewhere.example",
        "http://testserver//elsewhere.example",
        "http://testserver/\\elsewhere.example",
        "http://testserver/accounts/logout/",
        "http://[",
        "",
    ],
)
def test_nobody_is_sent_elsewhere_after_signing_in(alert: Alert, before: str) -> None:
    answer = Client().post(page_of(alert, "/acknowledge"), headers={"Referer": before})

    assert answer["Location"] == "/accounts/login/?next=%2F"


def test_signed_in_meanwhile_it_is_sent_again_by_one_press_on_the_page_that_came_back(
    alert: Alert, ben: User
) -> None:
    """In another tab, which makes every older form one that cannot be trusted."""
    client = Client(enforce_csrf_checks=True, headers={"Origin": HERE})
    client.get("/accounts/login/")
    old = client.cookies["csrftoken"].value
    signed_out = client.post(page_of(alert, "/note"), {"note": NOTE, "csrfmiddlewaretoken": old})
    sign_in = {"login": ben.email, "password": PASSWORD, "csrfmiddlewaretoken": old}
    give_app(ben)
    assert client.post("/accounts/login/", sign_in).status_code == 302
    code = {"code": shown_code(), "csrfmiddlewaretoken": old}
    assert client.post("/accounts/second-factor/", code)["Location"] == "/"

    refused = client.post(page_of(alert, "/note"), fields_of(signed_out.content.decode()))
    again = client.post(page_of(alert, "/note"), fields_of(refused.content.decode()))

    assert (signed_out.status_code, refused.status_code, again.status_code) == (401, 403, 303)
    assert "The page was opened before your last sign-in." in said(refused)
    assert alert.events.latest("id").detail == {"note": NOTE}


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", None])
def test_words_that_another_site_sends_in_somebodys_name_are_not_offered_to_be_sent(
    alert: Alert, ben: User, origin: str | None
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(ben)

    answer = client.post(
        page_of(alert, "/note"), {"note": "forged"}, headers={"Origin": origin} if origin else {}
    )

    assert answer.status_code == 403
    assert "forged" not in answer.content.decode()
    assert "This was not sent" in said(answer)


def test_a_password_is_never_shown_again(ben: User, sign_in: SignIn) -> None:
    client = Client(enforce_csrf_checks=True, headers={"Origin": HERE})

    answer = client.post("/accounts/login/", {"login": ben.email, "password": PASSWORD})

    assert answer.status_code == 403
    assert PASSWORD not in answer.content.decode()


def fields_of(page: str) -> dict[str, str]:
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    words = re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", page, re.S)
    assert token
    assert words
    text = words[1].replace("&lt;", "<").replace("&gt;", ">")
    return hidden | {"csrfmiddlewaretoken": token[1], "note": text}


@pytest.mark.parametrize(
    ("sent_to", "page"),
    [
        ("/alerts/{alert}/close", "/alerts/{alert}"),
        ("/patients/{episode}/note", "/patients/{episode}"),
        ("/patients/{episode}/phones/{alert}/revoke", "/patients/{episode}/phones"),
        ("/rota/{alert}/shifts", "/rota"),
        ("/contacts/add", "/contacts"),
        ("/account/recovery-codes", "/account/security"),
    ],
)
def test_an_address_that_is_only_sent_to_leads_to_the_page_of_its_form(
    alert: Alert, ben: User, sign_in: SignIn, sent_to: str, page: str
) -> None:
    """After a refused form it stands in the address bar, and the sign-in leads back to it after the session's end."""
    ids = {"alert": alert.uuid, "episode": alert.episode.uuid}
    answer = sign_in(ben).get(sent_to.format(**ids))

    assert answer.status_code == 405
    assert f'href="{page.format(**ids)}">Go to the page' in answer.content.decode()
    assert sign_in(ben).get(page.format(**ids)).status_code == 200
