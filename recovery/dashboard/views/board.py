from urllib.parse import parse_qs, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe

from recovery import clock
from recovery.audit import reading
from recovery.dashboard.door import StaffRequest, in_the_background, kept_by_nobody, staff_page
from recovery.dashboard.screens import board as screen
from recovery.dashboard.screens import pulse
from recovery.dashboard.screens.filters import Filters
from recovery.dashboard.screens.place import Clock


@staff_page
@require_safe
def board(request: StaffRequest) -> HttpResponse:
    """The first page. Who audits, or operates the service, has another: patients are for care teams."""
    shown = _board(request)
    if not shown.outline.teams and (first := _first_page(request)):
        return HttpResponseRedirect(first)
    return _whole(request, shown)


def _first_page(request: StaffRequest) -> str:
    if reading.clinics_of(request.user):
        return reverse("dashboard:audit")
    return reverse("dashboard:owed") if reading.is_operator(request.user) else ""


@in_the_background
def board_list(request: HttpRequest) -> HttpResponse:
    """The list alone, asked for every few seconds: 304 after two statements while nothing has changed."""
    outline = pulse.outline_of_session(request.session, clock.now()) if request.method == "GET" else None
    known = [tag.removeprefix("W/") for tag in parse_etags(request.headers.get("If-None-Match", ""))]
    if outline is not None:
        tag = f'"{outline.tag(Filters.of(request.GET.dict()).query)}"'
        if tag in known:
            unchanged = HttpResponseNotModified(headers={"ETag": tag})
            return kept_by_nobody(_dated(unchanged, outline.clock))
    return _changed_list(request)


@staff_page
@require_safe
def _changed_list(request: StaffRequest) -> HttpResponse:
    return list_of(request)


def whole_board(request: StaffRequest, *, notice: str = "", status: int = 200) -> HttpResponse:
    return _whole(request, _board(request), notice=notice, status=status)


def _whole(
    request: StaffRequest, shown: screen.Board, *, notice: str = "", status: int = 200
) -> HttpResponse:
    context = {"board": shown, "tab": "board", "notice": notice}
    return render(request, "dashboard/pages/board.html", context, status=status)


def list_of(request: StaffRequest, *, notice: str | None = None, status: int = 200) -> HttpResponse:
    """The list as a fragment. A notice of what was just done goes with it, out of band."""
    shown = _board(request)
    response = render(
        request, "dashboard/fragments/board_answer.html", {"board": shown, "notice": notice}, status=status
    )
    response.headers["ETag"] = f'"{shown.tag}"'
    return _dated(response, shown.outline.clock)


def _board(request: StaffRequest) -> screen.Board:
    return screen.show(request.user, pulse.outline(request.user, clock.now()), _filters(request))


def _filters(request: StaffRequest) -> Filters:
    """Those in the address; of a button pressed on the board, those of the page that it stands on."""
    if request.method == "GET" or not request.htmx:
        return Filters.of(request.GET.dict())
    try:
        query = parse_qs(urlsplit(request.htmx.current_url or "").query)
    except ValueError:  # no address at all: "http://["
        query = {}
    return Filters.of({name: values[0] for name, values in query.items()})


def _dated(response: HttpResponse, now: Clock) -> HttpResponse:
    response.headers["Data-As-Of"] = now.as_of
    response.headers["Data-Now"] = str(int(now.now.timestamp() * 1000))
    return response
