"""Everything that has an address, asked by everybody in every way: never a fault, never somebody else's."""

from collections.abc import Generator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, note, seed, settings

from tests.databases import EVERY_CLINIC
from tests.fuzz import pages, rows
from tests.fuzz.answers import wrong
from tests.fuzz.effort import AGAIN, CASES, PATIENCE_S, SEED
from tests.fuzz.forms import Form, Reader
from tests.fuzz.people import EVERYBODY, NOBODY, PATIENTS, STAFF, People, readable_by
from tests.fuzz.wire import Request, send
from tests.system import System

pytestmark = [pytest.mark.slow, pytest.mark.timeout(PATIENCE_S)]

SHARE = 0.3
"""Of all cases; the rest is for the API."""

HOMES = {"auditor": "/audit", "operator": "/owed"}
"""The first page of staff who look after no patients."""


@pytest.fixture(scope="package")
def forms(system: System, people: People) -> list[Form]:
    """Every form that a nurse, an auditor, an operator and somebody who is signed out are shown."""
    reader = Reader()
    for caller in ("nurse", *HOMES, NOBODY):
        for route in pages.ROUTES:
            for own in people.ids["ana"] if pages.PLACE.search(route) else ["-"]:
                reader.address = pages.path(route, own)
                page = send(system.url, Request("GET", reader.address), people.headers[caller])
                reader.feed(page.body.decode(errors="replace"))
                if page.status != 404:
                    break
    return list(reader.forms.values())


@pytest.fixture(scope="package")
def sessions(system: System, people: People) -> list[tuple[Any, ...]]:
    with psycopg.connect(system.database_url, options=EVERY_CLINIC) as database:
        return database.execute(
            "SELECT session_key, session_data, expire_date, uuid, user_id, is_whole, began_at, seen_at"
            " FROM recovery_staffsession"
        ).fetchall()


@pytest.fixture
def database(system: System) -> Generator[psycopg.Connection]:
    with psycopg.connect(system.database_url, options=EVERY_CLINIC, autocommit=True) as connection:
        yield connection


def test_the_forms_of_the_pages_are_found(forms: list[Form]) -> None:
    found = {(form.method, form.action.split("/")[-1] or form.action): form.fields for form in forms}

    assert {
        ("POST", "/accounts/login/"),
        ("POST", "contact"),
        ("POST", "note"),
        ("POST", "close"),
    } <= found.keys()
    assert "sent-to-emergency" in found["POST", "close"]["outcome"]


@pytest.mark.parametrize("caller", EVERYBODY)
def test_no_page_fails_and_none_shows_or_changes_what_is_somebody_elses(
    system: System,
    people: People,
    forms: list[Form],
    sessions: list[tuple[Any, ...]],
    database: psycopg.Connection,
    caller: str,
) -> None:
    others = set(PATIENTS) - readable_by(caller)

    def stored() -> dict[str, dict[str, str]]:
        return {name: rows.of_clinic(database, people, name, caller=caller) for name in others}

    before = stored()
    # What a phone sends to the API is tried from its description (test_api.py); here it might sign itself off.
    routes = [route for route in pages.ROUTES if caller in {NOBODY, *STAFF} or not route.startswith("api/")]

    @seed(SEED)
    @settings(
        max_examples=max(10, int(CASES * SHARE / len(EVERYBODY))),
        phases=[Phase.generate],  # a smaller one would find other things stored
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(pages.requests(routes, [*people.ids["ana"], *people.ids["eve"]], forms))
    def ask(request: Request) -> None:
        answer = send(system.url, request, people.headers[caller])
        if request.path.startswith("/accounts/"):
            _sign_in_again(database, sessions)
        note(f"{request.method} {request.path:.200} {request.headers} {request.body[:200]!r} {answer.status}")
        assert wrong(answer, caller, people) == [], AGAIN

    ask()

    assert stored() == before, AGAIN
    home = send(system.url, Request("GET", HOMES.get(caller, "/")), people.headers[caller])
    assert home.status == (200 if caller in STAFF else 302)


def _sign_in_again(database: psycopg.Connection, sessions: list[tuple[Any, ...]]) -> None:
    """Whoever signed out with what was tried goes on as they were."""
    with database.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO recovery_staffsession"
            " (session_key, session_data, expire_date, uuid, user_id, is_whole, began_at, seen_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (session_key) DO UPDATE SET session_data = excluded.session_data",
            sessions,
        )
