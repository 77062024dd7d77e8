"""S18: what is answered to whoever guesses, and after how long, does not say whether there is such an account or code.

Known and unknown ones take turns. What is compared are medians of the processor's time, which others on the machine
do not stretch; those of the clock are in the log. What waits for the database is counted; nothing waits for mail."""

import logging
import re
import time
from collections.abc import Callable
from contextlib import nullcontext
from statistics import median
from threading import Event
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from recovery import clock, enrolment
from recovery.models import AuditEvent, EnrolmentCode, User
from tests import factories
from tests.waiting import wait_until

SAMPLES = 500
"""Of each kind."""

COUNTED = 20
"""Of these the statements are counted, which takes time of its own."""

MOST_MS = 5.0
MORE_STATEMENTS = 2
"""Of half a millisecond or so each."""

log = logging.getLogger(__name__)

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(300)]

Asked = Callable[[int, bool], Any]
"""What is asked for the so-manieth time, about what is there or is not."""


@pytest.fixture(autouse=True)
def _as_often_as_one_likes(settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = False


@pytest.fixture
def ben(db: None) -> User:
    return factories.member(factories.team())


def bare(answer: Any) -> tuple[int, str, bytes]:
    """Without what differs from request to request, and what was typed."""
    body = re.sub(rb"[A-Za-z0-9]{64}|[0-9a-f]{32}|[\w.+-]+@example\.org", b"", answer.content)
    return answer.status_code, answer.headers.get("Location", ""), body


def compare(asked: Asked) -> None:
    answers: set[tuple[int, str, bytes]] = set()
    worked: dict[bool, list[float]] = {True: [], False: []}
    waited: dict[bool, list[float]] = {True: [], False: []}
    statements: dict[bool, list[int]] = {True: [], False: []}
    for number in range(SAMPLES):
        for is_known in (True, False) if number % 2 else (False, True):
            began, at = time.thread_time(), time.perf_counter()
            counting = CaptureQueriesContext(connection) if number < COUNTED else nullcontext()
            with counting:
                answer = asked(number, is_known)
            worked[is_known].append((time.thread_time() - began) * 1000)
            waited[is_known].append((time.perf_counter() - at) * 1000)
            if isinstance(counting, CaptureQueriesContext):
                sent = [each for each in counting.captured_queries if "SAVEPOINT" not in each["sql"]]
                statements[is_known].append(len(sent))
            answers.add(bare(answer))
    found = [(median(each[True]), median(each[False])) for each in (worked, waited, statements)]
    log.warning(
        "medians, known and unknown: %.1f and %.1f ms of work, %.1f and %.1f ms by the clock, %d and %d statements",
        *(value for pair in found for value in pair),
    )

    assert len(answers) == 1, answers
    assert abs(found[0][0] - found[0][1]) < MOST_MS, found
    assert abs(found[2][0] - found[2][1]) <= MORE_STATEMENTS, found


def test_s18_signing_in(ben: User) -> None:
    client = Client()

    def asked(number: int, is_known: bool) -> Any:
        email = ben.email if is_known else f"nobody.{number}@example.org"
        return client.post("/accounts/login/", {"login": email, "password": "wrong"})

    compare(asked)
    assert AuditEvent.objects.filter(what="failed to sign in").count() == 2 * SAMPLES


class Counting(MD5PasswordHasher):
    algorithm = "counting"
    hashed = 0

    def encode(self, password: str, salt: str) -> str:
        Counting.hashed += 1
        return super().encode(password, salt)


def test_s18_a_password_is_hashed_as_often_for_an_account_that_is_not_there(settings: Settings) -> None:
    """In production that is most of the time that an answer takes."""
    settings.PASSWORD_HASHERS = [f"{__name__}.Counting"]
    ben = factories.member(factories.team())
    hashed = {}
    for email in (ben.email, "nobody@example.org"):
        before = Counting.hashed
        Client().post("/accounts/login/", {"login": email, "password": "wrong"})
        hashed[email] = Counting.hashed - before

    assert set(hashed.values()) == {1}


class Held(BaseEmailBackend):
    """A mail server that takes its time."""

    let_go = Event()

    def send_messages(self, messages: Any) -> int:
        assert self.let_go.wait(30), "nobody let it go"
        mail.outbox.extend(messages)
        return len(messages)


class Away(BaseEmailBackend):
    def send_messages(self, messages: Any) -> int:
        raise ConnectionRefusedError


def test_s18_asking_for_a_new_password(ben: User) -> None:
    client = Client()

    def asked(number: int, is_known: bool) -> Any:
        email = ben.email if is_known else f"nobody.{number}@example.org"
        return client.post("/accounts/password/reset/", {"email": email})

    compare(asked)
    wait_until(lambda: bool(mail.outbox), why="no mail has left")
    assert {address for message in mail.outbox for address in message.to} == {ben.email}


def test_s18_who_asks_for_a_new_password_does_not_wait_for_the_mail_server(
    ben: User, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Held"

    told = Client().post("/accounts/password/reset/", {"email": ben.email})

    assert (told.status_code, mail.outbox) == (302, [])
    Held.let_go.set()
    wait_until(lambda: bool(mail.outbox), why="no mail has left")


def test_s18_a_mail_server_that_is_away_tells_nothing_either(ben: User, settings: Settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Away"

    told = [
        bare(Client().post("/accounts/password/reset/", {"email": email}, follow=True))
        for email in (ben.email, "nobody@example.org")
    ]

    assert told[0] == told[1]
    assert told[0][0] == 200


def test_s18_redeeming_a_code(ben: User) -> None:
    """Of a code that was issued, each of the tries that it bears; and of codes that never were."""
    team = ben.memberships.get().team
    episode = factories.episode(team, now=clock.now())
    tries = EnrolmentCode.MAX_WRONG_TRIES
    codes = [enrolment.issue_code(episode=episode, now=clock.now()) for _ in range(SAMPLES // tries)]
    selectors = {code[:4] for code in codes}
    never = next(each for each in ("ZZZZ", "YYYY", "XXXX") if each not in selectors)
    client = Client()

    def asked(number: int, is_known: bool) -> Any:
        selector = codes[number // tries][:4] if is_known else never
        wrong = {"code": f"{selector}-0000-0000", "device": {"name": "A phone", "platform": "web"}}
        return client.post("/api/v1/enrolments/redeem", wrong, content_type="application/json")

    compare(asked)
    assert set(EnrolmentCode.objects.values_list("wrong_tries", flat=True)) == {tries}
