"""What is answered when no view can answer. None of it is kept: the address may be somebody's tomorrow."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import defaults


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that is older than the last sign-in. The reason is for logs, not for people."""
    return _unkept(render(request, "403_csrf.html", status=403))


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """Somebody tries passwords. Signing in says so by itself where it can; this is for where it cannot."""
    response = _unkept(render(request, "429.html", status=429))
    response.headers["Retry-After"] = "60"
    return response


def unkept(handler: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """One of Django's own error pages, of which no copy is to be kept."""

    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return _unkept(handler(request, *args, **kwargs))

    return answer


bad_request = unkept(defaults.bad_request)
permission_denied = unkept(defaults.permission_denied)
not_found = unkept(defaults.page_not_found)
server_error = unkept(defaults.server_error)


def _unkept(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    return response
