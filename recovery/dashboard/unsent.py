"""What was typed and taken by nobody, because the session had ended or the page was older than the last sign-in: it is
shown once more to whoever sent it, to be sent again. It stands in that answer and nowhere else (docs/adr/0018)."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

TECHNICAL = ("csrfmiddlewaretoken", "seen", "from", "check_in", "file")
TEXTS = ("note", "reason")
LONG = 20


@dataclass(frozen=True, slots=True)
class Typed:
    """One field. `is_text`: words, to be shown; anything else goes along unseen."""

    name: str
    value: str
    is_text: bool


def typed_in(request: HttpRequest) -> list[Typed]:
    """What was typed or chosen in the form that was sent; empty when that was no more than a button, or unreadable."""
    try:
        sent = [(name, value) for name, values in request.POST.lists() for value in values]
    except (OSError, SuspiciousOperation, BadRequest, MultiPartParserError):
        return []
    if request.method != "POST" or not any(value.strip() for name, value in sent if name not in TECHNICAL):
        return []
    return [Typed(name, value, _is_text(name, value)) for name, value in sent if name != TECHNICAL[0]]


def shown_again(request: HttpRequest, typed: list[Typed], *, status: int) -> HttpResponse:
    context = {
        "texts": [field for field in typed if field.is_text],
        "others": [field for field in typed if not field.is_text],
        "action": request.path,
        "page": page_before(request),
    }
    return render(request, "dashboard/pages/unsent.html", context, status=status)


def is_of_our_page(request: HttpRequest) -> bool:
    """Whether a form without a valid token came from a page of this service, and not from anywhere else."""
    ours = {f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS}
    match = request.resolver_match
    return request.headers.get("Origin") in ours and match is not None and match.namespace == "dashboard"


def page_before(request: HttpRequest) -> str:
    """The page that a form or a fragment of it was asked from; the board when nobody says."""
    try:
        before = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer") or "")
    except ValueError:  # no address at all: "http://["
        return reverse("dashboard:board")
    page = before._replace(scheme="", netloc="", fragment="").geturl()
    is_ours = before.netloc == request.get_host() and before.path.startswith("/")
    if is_ours and url_has_allowed_host_and_scheme(page, None) and not before.path.startswith("/accounts/"):
        return page
    return reverse("dashboard:board")


def _is_text(name: str, value: str) -> bool:
    return name not in TECHNICAL and bool(value.strip()) and (name in TEXTS or len(value) > LONG)
