"""What is answered when no view can answer. That nobody keeps a copy is seen to by the middleware.

Django's own pages for 400, 403 and 404 read the form that was sent, and fail where it cannot be read; these do not.
"""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import defaults

from recovery.dashboard import unsent
from recovery.dashboard.accounts import remember_limit


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    words = "This cannot be understood. Go back, load the page again, and try once more."
    return HttpResponse(words, status=400, content_type="text/plain")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return HttpResponse("This is not open to you.", status=403, content_type="text/plain")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours; 503 where the database cannot answer now, which passes."""
    response = defaults.server_error(request)
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
