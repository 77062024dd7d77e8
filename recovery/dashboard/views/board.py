from django.http import HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe

from recovery import clock
from recovery.dashboard.door import StaffRequest, staff_page
from recovery.dashboard.screens import board as screen


@staff_page
@require_safe
def board(request: StaffRequest) -> HttpResponse:
    return whole_board(request)


@staff_page
@require_safe
def board_list(request: StaffRequest) -> HttpResponse:
    """The list alone, asked for every few seconds: 304 without rendering while nothing has changed."""
    outline = screen.outline(request.user, clock.now())
    known = parse_etags(request.headers.get("If-None-Match", ""))
    if f'"{outline.tag}"' in [tag.removeprefix("W/") for tag in known]:
        return _dated(HttpResponseNotModified(), outline)
    return list_of(request, outline)


def whole_board(request: StaffRequest, *, notice: str = "", status: int = 200) -> HttpResponse:
    outline = screen.outline(request.user, clock.now())
    shown = {"board": screen.show(request.user, outline), "tab": "board", "notice": notice}
    return render(request, "dashboard/pages/board.html", shown, status=status)


def list_of(
    request: StaffRequest, outline: screen.Outline, *, notice: str | None = None, status: int = 200
) -> HttpResponse:
    """The list as a fragment. A notice of what was just done goes with it, out of band."""
    shown = {"board": screen.show(request.user, outline), "notice": notice}
    return _dated(render(request, "dashboard/fragments/board_answer.html", shown, status=status), outline)


def _dated(response: HttpResponse, outline: screen.Outline) -> HttpResponse:
    response.headers["ETag"] = f'"{outline.tag}"'
    response.headers["Data-As-Of"] = outline.clock.as_of
    return response
