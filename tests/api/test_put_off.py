"""While the database cannot take a report, the patient is still told what to do, from the answers alone."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connections, transaction

from recovery import access, checkins, quarantine
from recovery.models import Episode, Quarantine
from tests.api.phones import CHECK_INS, Phone, check_in, correction
from tests.api.test_problems import is_problem


def away(**_: Any) -> None:
    raise OperationalError("the connection is lost: marker-of-an-answer")


@pytest.fixture
def locked_episode(transactional_db: None, ana: Phone) -> Iterator[None]:
    """Somebody else holds Ana's episode."""
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Episode.objects.select_for_update().get(pk=ana.device.episode_id)
            held.set()
            done.wait(30)
        connections.close_all()

    other = threading.Thread(target=hold)
    other.start()
    held.wait(30)
    yield
    done.set()
    other.join()


@pytest.mark.usefixtures("locked_episode")
def test_whose_episode_is_locked_is_told_what_to_do_and_to_come_again(ana: Phone) -> None:
    answered = ana.post(CHECK_INS, check_in(cannot_move="yes"))

    assert is_problem(answered, 503, "unavailable")
    assert answered.headers["Retry-After"] == "5"
    assert answered.json()["urgency"] == "emergency"
    assert "999" in answered.json()["action"]
    assert "NEURO-MOVE" in [line["rule"] for line in answered.json()["lines"]]
    assert not Quarantine.objects.exists()


def test_a_correction_is_told_too(ana: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = check_in()
    ana.post(CHECK_INS, sent)
    monkeypatch.setattr(checkins, "correct", away)

    answered = ana.put(f"{CHECK_INS}/{sent['id']}", correction(sent, chest_pain="yes"))

    assert is_problem(answered, 503, "unavailable")
    assert answered.json()["urgency"] == "emergency"


def test_nobody_is_told_that_nothing_was_found(ana: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkins, "submit", away)

    answered = ana.post(CHECK_INS, check_in())

    assert (answered.json()["urgency"], answered.json()["lines"]) == ("none", [])
    assert "020 7946 0101" in answered.json()["action"]
    assert answered.json()["action"].startswith("Nobody has seen this report yet")


@pytest.mark.parametrize(
    ("body", "urgency"),
    [(check_in(cannot_move="yes", pain_now=11), "emergency"), (b"{", "same_day")],
)
def test_so_is_whose_report_is_refused_and_cannot_be_kept(
    ana: Phone,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    body: Any,
    urgency: str,
) -> None:
    monkeypatch.setattr(quarantine, "keep", away)

    answered = ana.post(CHECK_INS, body)

    assert is_problem(answered, 503, "unavailable")
    assert answered.json()["urgency"] == urgency
    assert "marker" not in answered.content.decode() + caplog.text


def test_nothing_is_asked_of_the_database(
    ana: Phone, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(checkins, "submit", away)

    with django_assert_num_queries(1):  # signing the phone in
        ana.post(CHECK_INS, check_in(chest_pain="yes"))


def test_a_phone_that_cannot_be_signed_in_is_asked_to_come_again(
    ana: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "phone", lambda _: away())

    answered = ana.post(CHECK_INS, check_in(chest_pain="yes"))

    assert is_problem(answered, 503, "unavailable")
    assert "urgency" not in answered.json()
