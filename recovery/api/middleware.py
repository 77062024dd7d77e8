"""What every request to the API has in common: an id, no caching, and problem details whatever went wrong.

A phone has no session, no cookie, no form and no page, so its requests go from here straight to the view: what pages
need of middleware (docs/adr/0010-two-roads.md) is neither run nor paid for.
"""

from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from recovery import asking, epoch
from recovery.api.problems import REQUEST_ID, Problem

PREFIX = "/api/"
"""However many slashes stand before it, and with or without the one behind."""
LONGEST_QUERY = 2_000
PAGE = "/api/v1/docs"
"""The one page among them, for the authors of apps."""
CARE = "/api/v1/care/"
"""For staff, who have a session: what a phone never asks for."""

EPOCH = "Recovery-Epoch"
"""Of which history of the database the answer is: a phone that sees another one sends again what it still has."""

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
}

PLAIN_ERRORS = {400: "bad_request", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}
"""How errors are called that Django answers before a view is reached: a bad Host, no such path, a wrong method."""


class PhoneRequests:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.straight = cast(
            Callable[[HttpRequest], HttpResponseBase], convert_exception_to_response(_ViewAlone())
        )

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not f"/{request.path_info.strip('/')}/".startswith(PREFIX):
            return self.get_response(request)
        request_id = request.META[REQUEST_ID] = asking.now().request_id
        response = self._answer(request, request_id)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if history := epoch.current():
            response.headers[EPOCH] = history
        if isinstance(response, HttpResponse):
            response.headers.setdefault("Content-Length", str(len(response.content)))
        return response

    def _answer(self, request: HttpRequest, request_id: str) -> HttpResponseBase:
        if len(request.META.get("QUERY_STRING", "")) > LONGEST_QUERY:
            return Problem("uri_too_long").response(request_id)
        if settings.SECURE_PROXY_SSL_HEADER and not request.is_secure():
            return Problem("plain_http").response(request_id)  # the proxy's wall stands before this one
        has_session = request.path_info == PAGE or request.path_info.startswith(CARE)
        response = self.get_response(request) if has_session else self.straight(request)
        if response.status_code < 400 or response.headers.get("Content-Type") == "application/problem+json":
            return response
        return _problem_instead_of(response, request_id)


def _problem_instead_of(response: HttpResponseBase, request_id: str) -> HttpResponse:
    code = PLAIN_ERRORS.get(
        response.status_code, "server_error" if response.status_code >= 500 else "bad_request"
    )
    problem = Problem(code)
    if "Allow" in response.headers:
        problem.headers["Allow"] = response.headers["Allow"]
    return problem.response(request_id)


class _ViewAlone(BaseHandler):
    """Django's own way from a request to its view, with nothing in between but the check of the Host header."""

    def __init__(self) -> None:
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.get_host()  # raises DisallowedHost
        response: HttpResponseBase = self._get_response(request)  # type: ignore[attr-defined]
        return response
