"""Enrolling a list of patients: the file is chosen, looked at line by line, and taken as a whole or not at all."""

import csv
from io import StringIO
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recovery import clock, importing
from recovery.dashboard.door import StaffRequest, staff_page
from recovery.dashboard.forms.enrol_list import ChooseForm, TakeForm, TeamForm, packed
from recovery.dashboard.screens import enrol as screen
from recovery.dashboard.screens import pulse
from recovery.dashboard.screens.enrol_list import preview_of
from recovery.dashboard.wording import counted
from recovery.models import CareTeam


@staff_page
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: StaffRequest) -> HttpResponse:
    """Choose a file; then what it would do. Nothing is written yet."""
    teams = screen.teams_of(request.user)
    if request.method != "POST" or not teams:
        return _page(request, ChooseForm(teams=teams, initial=_usual(teams), auto_id="list-%s"))
    form = ChooseForm(request.POST, request.FILES, teams=teams, auto_id="list-%s")
    if not form.is_valid():
        return _page(request, form, typed=form, status=422)
    return _preview(request, form, form.raw())


@staff_page
@require_POST
def take(request: StaffRequest) -> HttpResponse:
    teams = screen.teams_of(request.user)
    form = TakeForm(request.POST, teams=teams, auto_id="list-%s")
    if not form.is_valid():
        again = ChooseForm(teams=teams, initial=_usual(teams), auto_id="list-%s")
        return _page(
            request, again, refusal="The list did not arrive as a whole. Choose the file again.", status=422
        )
    raw = form.cleaned_data["file"]
    try:
        episodes = importing.take(raw, team=form.chosen, by=request.user, now=clock.now())
    except importing.ImportRefused as refusal:
        return _preview(request, form, raw, refusal=refusal.message)
    except importing.FileRefused as refusal:
        return _preview(request, form, raw, refusal=refusal.message)
    if episodes:
        who = counted(len(episodes), "patient is", "patients are")
        messages.success(request, f"{who} enrolled. Print their sheets here.")
    else:
        messages.info(request, "Everybody on the list was enrolled before. Nothing was changed.")
    return HttpResponseRedirect(reverse("dashboard:enrol-waiting"), status=303)


@staff_page
@require_safe
def example(request: StaffRequest) -> HttpResponse:
    """A file with the columns and one line, to fill in. In UTF-8 with the mark by which Excel knows it."""
    written = StringIO()
    csv.writer(written).writerows([[column.name for column in importing.COLUMNS], importing.EXAMPLE])
    response = HttpResponse("\ufeff" + written.getvalue(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="patients.csv"'
    return response


def _preview(request: StaffRequest, form: TeamForm, raw: bytes, *, refusal: str = "") -> HttpResponse:
    """What the file would do now."""
    now = clock.now()
    again = ChooseForm(teams=form.teams, initial={"team": form.cleaned_data["team"]}, auto_id="list-%s")
    try:
        planned = importing.plan(raw, team=form.chosen, by=request.user, now=now)
    except importing.FileRefused as problem:
        return _page(request, again, refusal=problem.message, status=422)
    shown = {
        "outline": pulse.outline(request.user, now),
        "preview": preview_of(planned, ZoneInfo(form.chosen.clinic.time_zone)),
        "team": form.chosen,
        "form": again,
        "packed": packed(raw),
        "refusal": refusal,
        "nights": screen.nights([form.chosen], now),
        "tab": "enrol",
    }
    status = 409 if refusal else 422 if planned.wrong else 200
    return render(request, "dashboard/pages/enrol_preview.html", shown, status=status)


def _page(
    request: StaffRequest,
    form: ChooseForm,
    *,
    typed: ChooseForm | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    now = clock.now()
    shown = {
        "outline": pulse.outline(request.user, now),
        "form": form,
        "typed": typed,
        "refusal": refusal,
        "columns": importing.COLUMNS,
        "nights": screen.nights(form.teams, now),
        "most_lines": importing.MOST_LINES,
        "tab": "enrol",
    }
    return render(request, "dashboard/pages/enrol_import.html", shown, status=status)


def _usual(teams: list[CareTeam]) -> dict[str, str]:
    return {"team": str(teams[0].uuid)} if len(teams) == 1 else {}
