"""The API against its own description, as every kind of caller: schemathesis, with all its checks."""

import json
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from schemathesis.checks import CHECKS

from tests.fuzz import checks
from tests.fuzz.effort import AGAIN, CASES, PATIENCE_S
from tests.fuzz.people import CAREGIVERS, NOBODY, PATIENTS, STAFF, People
from tests.fuzz.run import Outcome, Run
from tests.system import System

pytestmark = [pytest.mark.slow, pytest.mark.timeout(PATIENCE_S)]

REFUSED = (NOBODY, "revoked", *STAFF)
"""Who has no business here. They take turns."""

CALLERS = {
    ("ana",): 0.2, ("eve",): 0.1, ("helper",): 0.1, ("reader",): 0.1, ("ended",): 0.1, ("leaving",): 0.01,
    REFUSED: 0.1,
}  # fmt: skip
"""With the share of all cases; the rest is for the pages."""

MINE = "/api/v1/check-ins"


def test_every_check_runs_but_those_that_are_named() -> None:
    known = set(CHECKS.get_all_names()) | {"max_response_time"}

    assert set(checks.OFF) | set(checks.EXPECTED) <= known
    assert {"object_level_authorization", "ignored_auth", "use_after_free", "unsupported_method"} <= known
    assert all(len(reason.split()) > 3 for reason in checks.OFF.values())


@pytest.mark.parametrize(
    ("place", "value", "is_excused"),
    [
        ("sent_at", "2099-12-31T23:30:00-01:00", True),
        ("observed_at", "2000-01-01T00:30:00+01:00", True),
        ("sent_at", "2050-01-01T00:00:00Z", False),
        ("pain_now", 11, False),
        ("answers.pain_now", 11, False),
    ],
)
def test_a_value_out_of_range_is_excused_at_the_edge_of_time_alone(
    place: str, value: object, is_excused: bool
) -> None:
    problem = {"code": "invalid", "errors": [{"place": place, "code": "out_of_range"}]}

    assert checks.excuses(problem, {place: value}) is is_excused


@pytest.mark.parametrize(
    ("place", "value", "is_excused"),
    [
        ("name", "\u00b1", True),
        ("name", "Tom \u0378", True),
        ("relation", "son \U000f0000", True),
        ("name", "Tom\u00e9", False),
        ("name", "12", False),
        ("relation", "\u00b1", False),
        ("agreed_to", "\u0378", False),
        ("phone", "\u0378", False),
    ],
)
def test_a_name_that_fits_is_excused_for_what_no_pattern_knows_alone(
    place: str, value: str, is_excused: bool
) -> None:
    problem = {"code": "invalid", "errors": [{"place": place, "code": "invalid_value"}]}

    assert checks.excuses(problem, {place: value}) is is_excused


@pytest.mark.parametrize("callers", CALLERS, ids=" ".join)
def test_whatever_is_sent_is_answered_as_described(
    system: System, people: People, tmp_path: Path, callers: tuple[str, ...]
) -> None:
    run = Run(system, people, callers, cases=int(CASES * CALLERS[callers]), directory=tmp_path)
    others = [name for name in PATIENTS if name not in callers]
    before = [_history(system, people, name) for name in others]

    outcome = run.go()

    assert outcome.faults == [], AGAIN
    assert [_history(system, people, name) for name in others] == before, AGAIN
    assert [caller for caller in callers if not _came_as_far_as_it_can(outcome, caller)] == [], (
        outcome.answers
    )


def _history(system: System, people: People, patient: str) -> Any:
    """All that a patient has sent, as her own phone is shown it."""
    return _read(system, f"{MINE}?limit=100", people.headers[patient])


def _read(system: System, path: str, headers: dict[str, str]) -> Any:
    with urlopen(Request(f"{system.url}{path}", headers=headers), timeout=60) as answer:
        return json.load(answer)


def _came_as_far_as_it_can(outcome: Outcome, caller: str) -> bool:
    """Else nothing was tried."""
    if caller == "leaving":
        return {204, 401} <= outcome.answered("DELETE /api/v1/me/device", caller)
    sent, read = outcome.answered(f"POST {MINE}", caller), outcome.answered(f"GET {MINE}", caller)
    if caller in REFUSED:
        return not sent & {200, 201, 422} and read <= {401, 405} and 401 in outcome.all_answered(caller)
    if caller in CAREGIVERS:  # with few cases each, chance may leave out one door or another
        return bool(sent & {200, 201}) and 200 in read | outcome.answered("GET /api/v1/me", caller)
    return 201 in sent and 200 in read
