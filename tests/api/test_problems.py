"""Whatever goes wrong is answered as a problem document: no page of HTML, no stack, no value."""

import logging
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, OperationalError
from django.test import Client

from recovery import checkins, quarantine
from recovery.api.codes import KINDS
from tests.api.phones import BATCH, CHECK_INS, ME, Phone, check_in

ODD_PATHS = [
    "/api/",
    "/api/v1",
    "/api/v1/",
    "/api/v1/me/",
    "/api/v1/care/patients",
    "/api/v2/me",
    f"{CHECK_INS}/abc",
    f"{CHECK_INS}/%00",
    f"{CHECK_INS}/\u0663",
    f"{CHECK_INS}/12345678901234567890",
    f"{CHECK_INS}/1%2f2",
    f"{CHECK_INS}/%ff%fe",
    f"{CHECK_INS}/..%2f..%2fme",
    f"{CHECK_INS}/00000000-0000-0000-0000-000000000000",
    f"{CHECK_INS}/ffffffff-ffff-ffff-ffff-ffffffffffff",
    f"{CHECK_INS}/0d2f6a527c1e4c0e9d392b8f2f3a6c11",
    f"{CHECK_INS}/0d2f6a52-7c1e-4c0e-9d39-2b8f2f3a6c11x",
    "/api/v1/problems/no-such-code",
]


def is_problem(answered: Any, status: int, code: str) -> bool:
    problem = answered.json()
    assert answered.headers["Content-Type"] == "application/problem+json"
    assert answered.headers["Cache-Control"] == "no-store"
    assert answered.headers["X-Request-Id"] == problem["request_id"] != ""
    assert problem["type"] == f"/api/v1/problems/{problem['code']}"
    assert {"title", "detail", "errors"} <= set(problem)
    return (answered.status_code, problem["status"], problem["code"]) == (status, status, code)


@pytest.mark.parametrize("path", ODD_PATHS)
def test_no_such_path_is_a_problem_document(ana: Phone, path: str) -> None:
    """B38"""
    assert is_problem(ana.get(path), 404, "not_found")


@pytest.mark.parametrize("method", ["PATCH", "OPTIONS", "TRACE", "PROPFIND", "DELETE"])
def test_a_wrong_method_is_told_which_are_right(ana: Phone, method: str) -> None:
    refused = ana._send(method, CHECK_INS, b"", None, {"X-HTTP-Method-Override": "POST"})

    assert is_problem(refused, 405, "method_not_allowed")
    assert refused.headers["Allow"] == "GET, HEAD, POST"


def test_what_cannot_be_done_is_told_before_a_parameter_that_is_unknown(ana: Phone) -> None:
    refused = ana.delete("/api/v1/me/looks?limit=1")

    assert is_problem(refused, 405, "method_not_allowed")


def test_a_long_query_is_refused(ana: Phone) -> None:
    """B39"""
    assert is_problem(ana.get(f"{CHECK_INS}?cursor={'a' * 7_000}"), 414, "uri_too_long")


def test_a_strange_host_is_refused(ana: Phone) -> None:
    assert is_problem(ana.get(ME, Host="evil.example"), 400, "bad_request")


def test_a_fault_is_answered_without_its_cause_and_logged_without_its_text(
    ana: Phone, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**_: Any) -> None:
        raise RuntimeError("no rule for (marker-of-an-answer)")

    monkeypatch.setattr(checkins, "submit", fail)

    answered = ana.post(CHECK_INS, check_in())

    assert is_problem(answered, 500, "server_error")
    assert "marker" not in answered.content.decode() + caplog.text
    assert "RuntimeError" in caplog.text
    assert answered.json()["request_id"] in caplog.text


def test_what_the_database_refuses_is_kept_and_not_logged_by_its_text(
    ana: Phone, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It names the whole row, and so the answers. Answered 500, the phone would send it for ever and nobody see it."""

    def fail(**_: Any) -> None:
        raise IntegrityError("Failing row contains (marker-of-an-answer)")

    monkeypatch.setattr(checkins, "submit", fail)

    answered = ana.post(CHECK_INS, check_in(chest_pain="yes"))

    assert is_problem(answered, 422, "not_stored")
    assert answered.json()["urgency"] == "emergency"
    assert "marker" not in answered.content.decode() + caplog.text
    assert "IntegrityError" in caplog.text


def test_while_the_database_is_away_the_phone_is_asked_to_come_again(
    ana: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: Any) -> None:
        raise OperationalError("the connection is lost")

    monkeypatch.setattr(checkins, "submit", fail)

    answered = ana.post(CHECK_INS, check_in())

    assert is_problem(answered, 503, "unavailable")
    assert answered.headers["Retry-After"] == "5"


def test_a_refused_report_that_cannot_be_kept_is_not_refused_for_good(
    ana: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 422 would let the phone stop: what was not kept must come again."""

    def fail(**_: Any) -> None:
        raise OperationalError("the disk is full")

    monkeypatch.setattr(quarantine, "keep", fail)

    assert ana.post(CHECK_INS, check_in(pain_now=11)).status_code == 503


def test_a_busy_episode_is_not_kept_aside(ana: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(**_: Any) -> None:
        raise checkins.Busy

    monkeypatch.setattr(checkins, "submit", busy)

    answered = ana.post(CHECK_INS, check_in())

    assert is_problem(answered, 409, "twin_in_progress")
    assert answered.headers["Retry-After"] == "1"
    assert "urgency" not in answered.json()


@pytest.fixture
def every_line(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


def test_nothing_a_patient_says_is_logged(ana: Phone, every_line: pytest.LogCaptureFixture) -> None:
    """I11: also at the lowest level, and also of what is refused."""
    sent = check_in(free_text="marker-text")
    ana.post(CHECK_INS, sent)
    ana.post(CHECK_INS, sent | {"answers": sent["answers"] | {"free_text": "marker-other"}})
    ana.post(CHECK_INS, check_in(bleeding="marker-code", **{"marker-name": 1}))
    ana.post(CHECK_INS, b'{"marker-half": "')
    ana.post(BATCH, {"check_ins": [check_in(free_text="marker-batch"), {"marker": 1}]})
    ana.put(f"{CHECK_INS}/{uuid4()}", sent | {"marker-field": 1})

    ours = [record for record in every_line.records if not record.name.startswith("django.db")]
    assert not any("marker" in record.getMessage() for record in ours)
    assert ana.token not in every_line.text


@pytest.mark.parametrize("code", KINDS)
def test_every_code_is_explained_where_its_problem_points(db: None, code: str) -> None:
    explained = Client().get(f"/api/v1/problems/{code}").json()

    assert explained == {"code": code, **KINDS[code]._asdict()}


def test_success_is_not_cached_either(ana: Phone) -> None:
    answered = ana.get(ME)

    assert answered.headers["Cache-Control"] == "no-store"
    assert len(answered.headers["X-Request-Id"]) == 32


def test_a_request_id_from_outside_is_not_taken_over(ana: Phone) -> None:
    """S41"""
    assert "evil" not in ana.get(ME, **{"X-Request-Id": "evil\u001b[31m"}).headers["X-Request-Id"]
