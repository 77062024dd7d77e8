from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from recovery import asking, audit, clock, sessions
from recovery.dashboard.door import is_fragment, kept_by_nobody, page_above


def refusals_are_kept_by_nobody(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[..., HttpResponse]:
    """Of an error no browser keeps a copy, whoever answered it: what is not there today may be somebody's tomorrow."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code >= 400:
            response.headers["Cache-Control"] = "no-store"
        return response

    return answer


class StaffSessions:
    """Whoever gave only a password is sent to the second factor, wherever they want to go; and what somebody does is
    noted, while what an open page asks for by itself is not. Who looked at what is remembered, and who was refused."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        _remember(request, response)
        if response.status_code == 405 and request.method == "GET" and _is_of_dashboard(request):
            page = page_above(request.path_info)
            response.content = render_to_string("405.html", {"page": page}, request=request)
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        is_ours = _is_of_dashboard(request)
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or not (is_ours or _is_of_account(request)):
            return None  # whether a process lives is said without a database, whoever asks
        if is_ours and not getattr(view, "before_second_factor", False) and _is_half(request):
            return _to_second_factor(request)
        if not getattr(view, "is_background", False):
            request.session.note_deed(clock.real())  # type: ignore[attr-defined]  # the store is ours
        return None


def _remember(request: HttpRequest, response: HttpResponse) -> None:
    """What somebody who is known was shown, was refused, or pressed without changing anything. What they did is
    remembered by the deed itself. An answer without a body shows nothing, and asks for no user: the board's poll."""
    match, status = request.resolver_match, response.status_code
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or match is None:
        return
    if not _is_of_dashboard(request) and not _is_of_account(request):
        return  # programs of the clinic are remembered by their own door (recovery/api/views/base.py)
    is_read = request.method in {"GET", "HEAD"}
    if (
        status >= 500
        or status == 304
        or (status < 400 and (request.method == "OPTIONS" or (is_read and status >= 300)))
    ):
        return
    if (status < 400 and asking.now().deeds) or not request.user.is_authenticated:
        return
    audit.record_look(
        page=match.url_name or "page",
        now=clock.now(),
        user=request.user,
        of=match.kwargs,
        status=status,
        by_itself=getattr(match.func, "is_background", False),
    )


def _is_of_dashboard(request: HttpRequest) -> bool:
    return request.resolver_match is not None and request.resolver_match.namespace == "dashboard"


def _is_of_account(request: HttpRequest) -> bool:
    return request.path_info.startswith("/accounts/")


def _is_half(request: HttpRequest) -> bool:
    return SESSION_KEY in request.session and not sessions.is_whole(request.session)


def _to_second_factor(request: HttpRequest) -> HttpResponse:
    address = reverse("dashboard:second-factor")
    return kept_by_nobody(
        HttpResponseClientRedirect(address) if is_fragment(request) else HttpResponseRedirect(address)
    )
