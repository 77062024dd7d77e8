"""What is answered when no view can answer. That nobody keeps a copy is seen to by the middleware.

Django's own pages for 400, 403 and 404 read the form that was sent, and fail where it cannot be read; these do not.
"""

import logging
import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader

from recovery.dashboard import unsent
from recovery.dashboard.accounts import remember_limit

log = logging.getLogger(__name__)

WITHOUT_A_PAGE = {
    400: "This cannot be understood. Nothing was done. Go back, load the page again, and try once more.",
    403: "This is not open to you. Nothing was done.",
    500: "Something went wrong on our side. What you did may not have been saved. If this goes on, phone the patient.",
}
"""What can still be said where not even a page can be drawn."""


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _alone("400.html", status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _alone("403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours; 503 where the database cannot answer now, which passes."""
    response = _alone("500.html", status=500)
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        response.status_code = 503
        response.headers["Retry-After"] = "5"
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that is older than the last sign-in. The reason is for logs, not for people.

    What was typed is shown again, but only where it came from a page of ours: nobody else may put words before a
    colleague, to be sent in their name by one press.
    """
    if unsent.is_of_our_page(request) and (typed := unsent.typed_in(request)):
        return unsent.shown_again(request, typed, status=403)
    return render(request, "403_csrf.html", status=403)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """Somebody tries passwords. The sign-in form says so by itself where it can; this is for where it cannot."""
    remember_limit(request)
    response = render(request, "429.html", status=429)
    response.headers["Retry-After"] = "60"
    return response


def _alone(template: str, *, status: int) -> HttpResponse:
    """A page that reads nothing of the request. In bare words where even its styles cannot be found."""
    try:
        return HttpResponse(loader.render_to_string(template), status=status)
    except Exception:
        log.exception("%s could not be drawn", template)
        return HttpResponse(WITHOUT_A_PAGE[status], status=status, content_type="text/plain")
