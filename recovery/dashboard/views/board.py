from urllib.parse import parse_qs, urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe

from recovery import clock
from recovery.dashboard.door import StaffRequest, in_the_background, kept_by_nobody, staff_page
from recovery.dashboard.screens import board as screen
from recovery.dashboard.screens import pulse
from recovery.dashboard.screens.filters import Filters
from recovery.dashboard.screens.place import Clock


@staff_page
@require_safe
def board(request: StaffRequest) -> HttpResponse:
    return whole_board(request)


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
    context = {"board": _board(request), "tab": "board", "notice": notice}
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
