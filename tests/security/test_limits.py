"""Limits on guessing, where they are attacked: through the proxy, by many at once, under forged addresses."""

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

from tests.faults.scene import Scene
from tests.security.production import BASE_URL, Answer, Production
from tests.security.proxy import with_nginx

pytestmark = [with_nginx, pytest.mark.slow]

TOO_OFTEN = "Too many failed login attempts"
WRONG = "not correct"
FOR_ONE_ACCOUNT, FOR_ONE_ADDRESS = 5, 10
"""Wrong passwords in five minutes, and in one (docs/adr/0014)."""


@pytest.fixture(autouse=True)
def _nothing_was_tried_yet(service: Production) -> None:
    service.system.rows("DELETE FROM recovery_tries RETURNING 1")


def form(service: Production) -> tuple[str, str]:
    """The sign-in form as a browser gets it: its cookie and its token."""
    answer = service.ask("GET /accounts/login/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', answer.body.decode())
    assert token is not None
    return answer.headers["set-cookie"].partition(";")[0], token[1]


def guess(service: Production, email: str, *headers: str, given: tuple[str, str]) -> Answer:
    cookie, token = given
    body = urlencode({"login": email, "password": "wrong-password", "csrfmiddlewaretoken": token}).encode()
    return service.ask(
        "POST /accounts/login/",
        f"Cookie: {cookie}",
        f"Origin: {BASE_URL}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        *headers,
        body=body,
    )


def said(answer: Answer) -> str:
    page = answer.body.decode()
    return next((words for words in (TOO_OFTEN, WRONG) if words in page), str(answer.status))


def test_s20_whoever_names_another_address_each_time_is_still_one_and_the_same(service: Production) -> None:
    given = form(service)
    told = [
        said(
            guess(
                service,
                f"somebody.{number}@example.org",
                f"X-Forwarded-For: 192.0.2.{number}",
                f"X-Real-IP: 192.0.2.{number}",
                f"Forwarded: for=192.0.2.{number}",
                given=given,
            )
        )
        for number in range(FOR_ONE_ADDRESS + 5)
    ]

    assert told[:FOR_ONE_ADDRESS] == [WRONG] * FOR_ONE_ADDRESS
    assert WRONG not in told[FOR_ONE_ADDRESS:]


@pytest.mark.parametrize("at_once", [200])
def test_s21_of_two_hundred_guesses_at_once_no_more_are_looked_at_than_the_limit(
    service: Production, scene: Scene, at_once: int
) -> None:
    """Of one account; all processes count together, and none looks before it has counted."""
    email, given = scene.emails[0], form(service)
    with ThreadPoolExecutor(50) as pool:
        told = Counter(
            said(answer) for answer in pool.map(lambda _: guess(service, email, given=given), range(at_once))
        )

    assert 1 <= told[WRONG] <= FOR_ONE_ACCOUNT
    assert told.total() == at_once
    assert not [words for words in told if words.startswith("5") and words != "503"]


def test_s22_s23_while_sign_in_is_under_attack_phones_report(service: Production, scene: Scene) -> None:
    given = form(service)
    for number in range(FOR_ONE_ADDRESS + 2):
        guess(service, f"somebody.{number}@example.org", given=given)

    answer = service.ask("GET /api/v1/me", f"Authorization: Bearer {scene.tokens[0]}")

    assert answer.status == 200
