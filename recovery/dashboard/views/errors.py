from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that is older than the last sign-in. The reason is for logs, not for people."""
    response = render(request, "403_csrf.html", status=403)
    response.headers["Cache-Control"] = "no-store"
    return response
