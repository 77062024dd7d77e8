"""S50, generated: each answer to somebody who is known, on every route and by every method, leaves its event, or stands
below with the reason why not. The routes, methods and answers are those of tests/test_access_matrix.py."""

import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from django.db import transaction

from recovery.models import AuditEvent
from tests.test_access_matrix import CALLERS, MATRIX, METHODS, Scene, scene, scene_of_the_module

__all__ = ["scene", "scene_of_the_module"]

KNOWN_TO_PHONES = ("ana", "eve", "tom", "una", "revoked")
KNOWN_TO_PAGES = ("ben", "cleo")

NOTHING = {
    "livez": "nobody is asked who they are, and nothing about anybody is said",
    "readyz": "nobody is asked who they are, and nothing about anybody is said",
    "metrics": "asked every few seconds by a program that has a token of its own; numbers alone",
    "provider/sms/<uuid:key>": "a provider tells what became of a message; the try keeps it (recovery_attempt)",
    "phone": "the same document for everybody",
    "phone/worker.js": "the same document for everybody",
    "api/v1/problems/<slug:code>": "the same document for everybody",
    "api/v1/schema": "the same document for everybody",
    "api/v1/docs": "the same document for everybody",
    "api/v1/enrolments/redeem": "no code can be read in what is sent here; those that can: test_s50_codes",
}
"""Routes on which nobody is known. What is tried to become known is in test_signing_in_is_remembered."""


def caller_is_known(route: str, caller: str) -> bool:
    if route in NOTHING:
        return False
    if route.startswith("api/v1/") and not route.startswith("api/v1/care/"):
        return caller in KNOWN_TO_PHONES
    return caller in KNOWN_TO_PAGES


def expected(route: str, method: str, caller: str, status: int) -> str | None:
    """What the event's name begins with; None: none is due."""
    if not caller_is_known(route, caller):
        return None
    if method == "OPTIONS" and status < 400:
        return None  # which methods there are, or where to ask
    if status >= 400:
        return "refused: "
    if 300 <= status < 400 and method in {"GET", "HEAD"}:
        return None  # sent on to another address, which is remembered itself
    return ""


Asked = Callable[[str, str, str], tuple[int, list[AuditEvent]]]


@pytest.fixture(scope="module")
def answers() -> dict[tuple[str, str, str], tuple[int, list[AuditEvent]]]:
    """Both tests of a route look at the same ones."""
    return {}


@pytest.fixture
def asked(scene: Scene, answers: dict[tuple[str, str, str], tuple[int, list[AuditEvent]]]) -> Asked:
    def once(*cell: str) -> tuple[int, list[AuditEvent]]:
        if cell not in answers:
            answers[cell] = ask(scene, *cell)
        return answers[cell]

    return once


def ask(scene: Scene, caller: str, method: str, route: str) -> tuple[int, list[AuditEvent]]:
    """The answer's status and what it left, of which nothing stays: nobody is signed out by it, either."""
    cookies = deepcopy(scene.callers[caller].cookies)
    with transaction.atomic():
        answered = scene.callers[caller].generic(method, scene.path(route), content_type="application/json")
        left = list(AuditEvent.objects.filter(request_id=answered["X-Request-Id"]))
        transaction.set_rollback(True)
    scene.callers[caller].cookies = cookies
    return answered.status_code, left


@pytest.mark.parametrize("route", MATRIX)
def test_s50_every_answer_to_somebody_who_is_known_is_remembered(asked: Asked, route: str) -> None:
    wrong = []
    for method in METHODS:
        for caller in CALLERS:
            status, left = asked(caller, method, route)
            begins = expected(route, method, caller, status)
            is_right = (
                not left
                if begins is None
                else any(event.what.startswith((begins, "sent refused report")) for event in left)
            )
            if not is_right:
                wrong.append((method, caller, status, [event.what for event in left]))
    assert wrong == []


@pytest.mark.parametrize("route", MATRIX)
def test_s50_an_event_says_who_what_where_and_by_which_request(
    scene: Scene, asked: Asked, route: str
) -> None:
    for method in METHODS:
        for caller in CALLERS:
            status, left = asked(caller, method, route)
            for event in left:
                assert (event.user_id is None) != (event.device_id is None)
                assert event.clinic_id is not None
                assert bool(event.browser) == (event.user_id is not None)
                assert event.at.utcoffset() is not None
                assert set(event.detail) <= {
                    "status",
                    "code",
                    "was",
                    "now_is",
                    "role",
                    "channel",
                    "why",
                    "figure",
                    "first",
                    "last",
                    "reason",
                }
                if event.what.startswith("refused: "):
                    assert event.detail == {"status": status}
                own = [part for part in re.findall(r"<[^>]+>", route) if part in scene.objects]
                if own and own[-1].startswith(("<uuid:", "<client_id:")) and "team" not in own[-1]:
                    assert event.subject_id is not None


def test_s50_there_is_a_reason_for_each_route_that_leaves_nothing() -> None:
    assert set(NOTHING) <= set(MATRIX)
    assert all(len(reason) > 20 for reason in NOTHING.values())


def rows_of(answered: Any) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(request_id=answered["X-Request-Id"]))
