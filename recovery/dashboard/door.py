"""What every page of the dashboard has in common: who may come in, and that nobody keeps a copy."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlencode

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.urls import is_valid_path, resolve
from django.utils.cache import patch_vary_headers
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from recovery import clock
from recovery.dashboard import unsent
from recovery.models import User

View = TypeVar("View", bound=Callable[..., HttpResponse])


class StaffRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: User
    htmx: HtmxDetails


def staff_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page for signed-in staff. What is not theirs does not exist for them: 404, which looks like any other."""

    @wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            try:
                response = view(request, *args, **kwargs)
            except (Http404, ObjectDoesNotExist):
                response = render(request, "404.html", status=404)
        else:
            response = _to_sign_in(request)
        return kept_by_nobody(response)

    return door


def in_the_background(view: View) -> View:
    """What an open page asks for by itself: it keeps nobody signed in."""
    view.is_background = True  # type: ignore[attr-defined]
    return view


def with_password_alone(view: View) -> View:
    """Open to whoever has signed in but not given their second factor yet."""
    view.before_second_factor = True  # type: ignore[attr-defined]
    return view


def said_who_lately(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Asks for the password again, unless they signed in or typed it in the last minutes, and goes on with what was
    sent: from the page that asks, so that what comes of it is remembered of this one."""

    @wraps(view)
    def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.resolver_match = resolve(request.path_info)
        if not request.session.began_lately(clock.real()):  # type: ignore[attr-defined]  # the store is ours
            raise_if_reauthentication_required(request, app="")
        return view(request, *args, **kwargs)

    return door


def kept_by_nobody(response: HttpResponse) -> HttpResponse:
    response.headers["Cache-Control"] = "no-store"
    patch_vary_headers(response, ["Cookie", "HX-Request"])
    return response


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """A fragment cannot be replaced by the sign-in page: the whole page goes there, and back. What was typed is shown
    again instead, so that it is not lost."""
    if not is_fragment(request) and (typed := unsent.typed_in(request)):
        return unsent.shown_again(request, typed, status=401)
    is_page = request.method == "GET" and not is_fragment(request)
    back_to = request.get_full_path() if is_page else unsent.page_before(request)
    sign_in = f"{resolve_url('account_login')}?{urlencode({'next': back_to})}"
    return HttpResponseClientRedirect(sign_in) if is_fragment(request) else HttpResponseRedirect(sign_in)


def page_above(path: str) -> str:
    """Where the form stands that is sent to an address which is no page. The sign-in leads to such a one after a form
    that was refused, and so do the address bar and a tab that is opened again."""
    own = resolve_url("dashboard:security" if path.startswith("/account/") else "dashboard:board")
    while path := path.rpartition("/")[0]:
        if is_valid_path(path):
            return path
    return own


def is_fragment(request: HttpRequest) -> bool:
    return "HX-Request" in request.headers
