from uuid import UUID

from django.http import HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe

from recovery import clock
from recovery.dashboard import drafts
from recovery.dashboard.door import StaffRequest, in_the_background, staff_page
from recovery.dashboard.forms.care import NoteForm
from recovery.dashboard.screens import patient as screen
from recovery.dashboard.screens import patient_now


@staff_page
@require_safe
def patient(request: StaffRequest, episode_id: UUID) -> HttpResponse:
    """One recovery. The address says which part of the check-ins is shown, and how closely the course is looked at."""
    return whole_patient(request, episode_id)


def whole_patient(
    request: StaffRequest,
    episode_id: UUID,
    *,
    note: NoteForm | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page, with a refused note kept in its form."""
    shown = screen.show(
        request.user,
        episode_id,
        clock.now(),
        page=number_in(request, "page"),
        recent=request.GET.get("course") == "recent",
    )
    context = {
        "screen": shown,
        "tab": "patients",
        "note": note or NoteForm(auto_id="note-%s"),
        "typed": note,
        "refusal": refusal,
        "draft_key": drafts.key_of(request.user),
    }
    return render(request, "dashboard/pages/patient.html", context, status=status)


@in_the_background
@staff_page
@require_safe
def patient_state(request: StaffRequest, episode_id: UUID) -> HttpResponse:
    """How the patient stands now, alone: an open page must not look new for long when it is old."""
    state = patient_now.state_of(request.user, episode_id, clock.now(), seen=request.GET.get("seen", "")[:64])
    known = [tag.removeprefix("W/") for tag in parse_etags(request.headers.get("If-None-Match", ""))]
    response: HttpResponse
    if f'"{state.tag}"' in known:
        response = HttpResponseNotModified()
    else:
        response = render(request, "dashboard/fragments/patient_state.html", {"state": state})
    response.headers["ETag"] = f'"{state.tag}"'
    response.headers["Data-As-Of"] = state.clock.as_of
    return response


def number_in(request: StaffRequest, name: str) -> int:
    """A whole number of the address; 1 when there is none."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1
