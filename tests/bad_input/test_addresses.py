"""What stands in an address: queries, ids in a path, pages."""

from typing import Any

import pytest

from tests.api.phones import ALERTS, BATCH, CHECK_INS, ME, Phone, check_in
from tests.bad_input.refused import RED, refused

QUESTIONNAIRE = "/api/v1/questionnaire"


def is_problem(answered: Any, status: int, code: str) -> bool:
    assert answered.headers["Content-Type"] == "application/problem+json"
    return (answered.status_code, answered.json()["status"], answered.json()["code"]) == (
        status,
        status,
        code,
    )


@pytest.mark.parametrize("path", [ME, CHECK_INS, ALERTS, QUESTIONNAIRE])
@pytest.mark.parametrize("query", ["x=%00", "%00=x", "x=%ff", "x", "x=\u0663"])
def test_b08_nul_in_a_query(ana: Phone, path: str, query: str) -> None:
    assert is_problem(ana.get(f"{path}?{query}"), 400, "unknown_parameter")


@pytest.mark.parametrize("name", ["limit", "cursor"])
def test_b08_nul_in_a_query_that_is_known(ana: Phone, name: str) -> None:
    assert is_problem(ana.get(f"{CHECK_INS}?{name}=%00"), 400, "bad_parameter")


@pytest.mark.parametrize("query", ["id=abc", "patient=1", "tier=0", "limit=abc", "limit=1&limit=2"])
def test_b09_a_filter_that_there_is_none_of_is_not_ignored(ana: Phone, query: str) -> None:
    code = "bad_parameter" if query.startswith("limit") else "unknown_parameter"

    assert is_problem(ana.get(f"{CHECK_INS}?{query}"), 400, code)


@pytest.mark.parametrize("query", ["dry_run=1", "x=%00", "limit=5"])
def test_b09_a_report_with_a_query_is_refused_and_heard(ana: Phone, query: str) -> None:
    refused(ana, RED, 400, "unknown_parameter", path=f"{CHECK_INS}?{query}")


IDS = [
    "abc",
    "%00",
    "\u0663",
    "12345678901234567890",
    "1%2f2",
    "..%2f..%2fme",
    "%ff%fe",
    "0d2f6a527c1e4c0e9d392b8f2f3a6c11",
    "0d2f6a52-7c1e-4c0e-9d39-2b8f2f3a6c11x",
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
]


@pytest.mark.parametrize("method", ["get", "put", "delete"])
@pytest.mark.parametrize("name", IDS)
def test_b38_an_id_that_is_none(ana: Phone, name: str, method: str) -> None:
    path = f"{CHECK_INS}/{name}"

    answered = ana.put(path, check_in()) if method == "put" else getattr(ana, method)(path)

    assert is_problem(answered, 404, "not_found")


@pytest.mark.parametrize("path", [CHECK_INS, ME, BATCH])
def test_b39_a_query_of_seven_thousand_characters(ana: Phone, path: str) -> None:
    """Over the wire: test_wire.py."""
    assert is_problem(ana.get(f"{path}?cursor={'a' * 7_000}"), 414, "uri_too_long")


@pytest.mark.parametrize("size", ["0", "-1", "101", "1000000000", "", "1.5", "1_0", "0x10", "%D9%A3", "NaN"])
def test_b41_a_page_of_no_size_or_of_all_rows(ana: Phone, size: str) -> None:
    assert is_problem(ana.get(f"{CHECK_INS}?limit={size}"), 400, "bad_parameter")


@pytest.mark.parametrize("change", ["x", "0", "%00", "'", "=", "\u0661"])
@pytest.mark.parametrize("whole", [True, False])
def test_b41_a_cursor_that_was_tampered_with(ana: Phone, eve: Phone, change: str, whole: bool) -> None:
    for hours in (10, 12, 14):
        ana.post(CHECK_INS, check_in(hours))
    cursor = ana.get(f"{CHECK_INS}?limit=1").json()["next_cursor"]

    answered = ana.get(f"{CHECK_INS}?cursor={change if whole else cursor + change}")

    assert is_problem(answered, 400, "bad_parameter")
    assert (
        eve.get(f"{CHECK_INS}?cursor={cursor}").json()["check_ins"] == []
    )  # and it opens nobody else's list
