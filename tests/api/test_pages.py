from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.conftest import SetClock
from tests.api.phones import CHECK_INS, Phone, check_in


@pytest.fixture
def sent(ana: Phone, set_clock: SetClock) -> list[dict[str, Any]]:
    """Seven check-ins, two of them felt at the same instant, sent in no order; latest felt first."""
    set_clock(100)
    made = [check_in(hours) for hours in (30, 10, 50, 40, 40, 20, 60)]
    for document in made:
        assert ana.post(CHECK_INS, document).status_code == 201
    return sorted(made, key=lambda document: (document["observed_at"], document["id"]), reverse=True)


def ids(page: Any) -> list[str]:
    return [shown["id"] for shown in page.json()["check_ins"]]


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 100])
def test_pages_hold_every_check_in_once_latest_felt_first(
    ana: Phone, sent: list[dict[str, Any]], size: int
) -> None:
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = ana.get(f"{CHECK_INS}?limit={size}{cursor}")
        assert len(ids(page)) <= size
        seen += ids(page)
        following = page.json()["next_cursor"]
        cursor = following and f"&cursor={following}"

    assert seen == [document["id"] for document in sent]


def test_a_page_does_not_slip_when_a_report_comes_between(ana: Phone, sent: list[dict[str, Any]]) -> None:
    first = ana.get(f"{CHECK_INS}?limit=3")
    ana.post(CHECK_INS, check_in(99))

    second = ana.get(f"{CHECK_INS}?limit=100&cursor={first.json()['next_cursor']}")

    assert ids(first) + ids(second) == [document["id"] for document in sent]


@pytest.mark.parametrize(
    "size", ["0", "-1", "1000000000", "101", "abc", "", "1.5", "%D9%A3", "0x10", "%00", "1_0"]
)
def test_a_page_has_from_1_to_100(ana: Phone, size: str) -> None:
    """B8, B9, B41"""
    refused = ana.get(f"{CHECK_INS}?limit={size}")

    assert (refused.status_code, refused.json()["code"]) == (400, "bad_parameter")
    assert refused.json()["errors"][0]["place"] == "query.limit"


ID = "0d2f6a52-7c1e-4c0e-9d39-2b8f2f3a6c11"


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%00",
        "\u0663",
        "1772528400000000",
        f"1772528400000000_{ID}x",
        f"17725284000000001_{ID}",
        f"-1772528400000000_{ID}",
        f"1.77e15_{ID}",
        f"\u0661772528400000000_{ID}",
        f"1772528400000000_{ID.replace('-', '')}",
        "1772528400000000_5",
        f"'; --_{ID}",
    ],
)
def test_a_cursor_that_was_tampered_with_is_refused(ana: Phone, cursor: str) -> None:
    """B41"""
    refused = ana.get(f"{CHECK_INS}?cursor={cursor}")

    assert (refused.status_code, refused.json()["errors"][0]["place"]) == (400, "query.cursor")


@pytest.mark.parametrize(("microseconds", "shown"), [("0" * 15, 0), ("9" * 16, 7)])
def test_whatever_fits_the_described_pattern_is_a_place_between_two_rows(
    ana: Phone, sent: list[dict[str, Any]], microseconds: str, shown: int
) -> None:
    page = ana.get(f"{CHECK_INS}?cursor={microseconds}_{ID}")

    assert (page.status_code, len(ids(page))) == (200, shown)


def test_a_cursor_of_somebody_else_shows_nothing_of_theirs(ana: Phone, eve: Phone) -> None:
    for hours in (10, 11, 12):
        eve.post(CHECK_INS, check_in(hours))
    cursor = eve.get(f"{CHECK_INS}?limit=1").json()["next_cursor"]

    assert ids(ana.get(f"{CHECK_INS}?cursor={cursor}")) == []


@pytest.mark.parametrize(
    "query", ["page=2", "x=%00", "id=abc", "patient__name__startswith=A", "limit=1&order=id"]
)
def test_a_filter_that_does_not_exist_is_refused_not_ignored(ana: Phone, query: str) -> None:
    """B8, B9"""
    refused = ana.get(f"{CHECK_INS}?{query}")

    assert (refused.status_code, refused.json()["code"]) == (400, "unknown_parameter")


def test_a_parameter_given_twice_is_refused(ana: Phone) -> None:
    refused = ana.get(f"{CHECK_INS}?limit=1&limit=100")

    assert (refused.status_code, refused.json()["errors"][0]["place"]) == (400, "query.limit")


def test_the_number_of_statements_does_not_grow_with_the_page(ana: Phone, set_clock: SetClock) -> None:
    counts = []
    set_clock(100)
    for hours in range(21):
        ana.post(CHECK_INS, check_in(20 + hours, bleeding="spot"))
        if hours in {0, 20}:
            with CaptureQueriesContext(connection) as captured:
                assert len(ids(ana.get(f"{CHECK_INS}?limit=100"))) == hours + 1
            counts.append(len(captured))

    assert counts[0] == counts[1] <= 4
