"""Phones go past the middleware of pages: what every answer carries all the same (docs/adr/0010-two-roads.md)."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.api.phones import Phone

ALWAYS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


@pytest.mark.parametrize(
    "path", ["/api/v1/me", "/api/v1/check-ins", "/api/v1/nothing-here", "/api/v1/schema"]
)
def test_every_answer_carries_them(ana: Phone, path: str) -> None:
    for answer in (ana.get(path), Client().get(path)):
        assert {name: answer.headers[name] for name in ALWAYS} == ALWAYS
        assert answer.headers["Content-Length"] == str(len(answer.content))
        assert answer.headers["X-Request-Id"]


def test_a_session_is_not_even_looked_at(
    ana: Phone, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        answer = Client(headers={"cookie": "sessionid=whatever"}).get("/api/v1/problems/not_found")
    assert answer.status_code == 200
    assert not answer.cookies


def test_a_host_that_is_not_ours_is_refused_as_a_problem(ana: Phone) -> None:
    answer = Client(headers={"host": "elsewhere.example"}).get("/api/v1/problems/not_found")
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
