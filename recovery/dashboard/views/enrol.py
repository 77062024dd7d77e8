"""Enrolling a patient, and the sheet of paper that signs a phone on."""

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from recovery import clock, devices, enrolment
from recovery.clinical import protocol as protocols
from recovery.dashboard.door import StaffRequest, staff_page
from recovery.dashboard.forms.enrol import EnrolForm
from recovery.dashboard.forms.sheets import SheetsForm
from recovery.dashboard.screens import enrol as screen
from recovery.dashboard.screens import pulse
from recovery.errors import Refused


@staff_page
@require_http_methods(["GET", "HEAD", "POST"])
def enrol(request: StaffRequest) -> HttpResponse:
    """The form, and what becomes of it. Whatever was typed stays until it is taken."""
    now = clock.now()
    outline = pulse.outline(request.user, now)
    teams = screen.teams_of(request.user)
    shown: dict[str, object] = {"outline": outline, "tab": "enrol"}
    if not teams:
        return render(request, "dashboard/pages/enrol.html", shown)
    form = EnrolForm(
        request.POST if request.method == "POST" else None,
        teams=teams,
        protocol=protocols.get(),
        zone=outline.clock.zone,
        now=now,
        auto_id="enrol-%s",
    )
    shown |= {"form": form, "protocol": protocols.get(), "nights": screen.nights(teams, now)}
    if not form.is_bound:
        return render(request, "dashboard/pages/enrol.html", shown)
    if not form.is_valid():
        return render(request, "dashboard/pages/enrol.html", shown | {"typed": form}, status=422)
    try:
        episode = enrolment.enrol(by=request.user, now=now, **form.order())
    except enrolment.EnrolmentRefused as refusal:
        form.refuse(refusal)
        shown |= {
            "typed": form,
            "refusal": refusal.message,
            "running": refusal.extra.get("episode"),
            "doubt": isinstance(refusal, enrolment.LooksAlike),
        }
        return render(request, "dashboard/pages/enrol.html", shown, status=409)
    messages.success(
        request, f"{episode.patient.name} is enrolled. Print the sheet while the patient is here."
    )
    return HttpResponseRedirect(reverse("dashboard:enrol-sheet", args=[episode.uuid]), status=303)


@staff_page
@require_http_methods(["GET", "HEAD", "POST"])
def sheet(request: StaffRequest, episode_id: UUID) -> HttpResponse:
    """A code is known only while its sheet is being printed: who asks for the sheet again gets another code."""
    now = clock.now()
    if request.method != "POST":
        return _ready(request, episode_id)
    try:
        code = devices.renew_code(episode_id=episode_id, by=request.user, now=now)
    except Refused as refusal:
        return _ready(request, episode_id, refusal=refusal.message, status=409)
    return _printed(request, [screen.sheet_of(request.user, episode_id, code, now)], back=episode_id)


@staff_page
@require_safe
def waiting(request: StaffRequest) -> HttpResponse:
    """Who was enrolled lately and has no phone that reports."""
    return _waiting(request, None)


@staff_page
@require_http_methods(["POST"])
def sheets(request: StaffRequest) -> HttpResponse:
    """Sheets for several patients at once, each with a code of its own. Those of strangers are passed over."""
    now = clock.now()
    form = SheetsForm(request.POST, listed=screen.waiting(request.user, now), auto_id="sheets-%s")
    if not form.is_valid():
        return _waiting(request, form, status=422)
    chosen = [UUID(key) for key in form.cleaned_data["patients"]]
    try:
        with transaction.atomic():
            codes = {key: devices.renew_code(episode_id=key, by=request.user, now=now) for key in chosen}
    except Refused as refusal:
        return _waiting(request, form, refusal=refusal.message, status=409)
    printed = [screen.sheet_of(request.user, key, code, now) for key, code in codes.items()]
    return _printed(request, printed, back=None)


def _ready(request: StaffRequest, episode_id: UUID, *, refusal: str = "", status: int = 200) -> HttpResponse:
    now = clock.now()
    shown = {
        "outline": pulse.outline(request.user, now),
        "ready": screen.ready(request.user, episode_id, now),
        "refusal": refusal,
        "tab": "enrol",
    }
    return render(request, "dashboard/pages/enrol_ready.html", shown, status=status)


def _waiting(
    request: StaffRequest, form: SheetsForm | None, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    now = clock.now()
    rows = screen.waiting(request.user, now)
    typed, form = form, form or SheetsForm(listed=rows, auto_id="sheets-%s")
    shown = {
        "outline": pulse.outline(request.user, now),
        "rows": rows,
        "form": form,
        "chosen": form["patients"].value(),
        "typed": typed,
        "refusal": refusal,
        "tab": "enrol",
    }
    return render(request, "dashboard/pages/enrol_waiting.html", shown, status=status)


def _printed(request: StaffRequest, sheets: list[screen.Sheet], *, back: UUID | None) -> HttpResponse:
    outline = pulse.outline(request.user, clock.now())
    shown = {"outline": outline, "sheets": sheets, "back": back, "tab": "enrol"}
    return render(request, "dashboard/pages/enrol_sheet.html", shown)
