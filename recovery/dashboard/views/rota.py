"""Who is on call, and planning it. Each form works without JavaScript, is one operation, and leads back to the plan."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseNotModified, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import parse_etags
from django.views.decorators.http import require_POST, require_safe

from recovery import clock, rota
from recovery.dashboard.door import StaffRequest, in_the_background, staff_page
from recovery.dashboard.forms.rota import LeadForm, OverrideForm, ShiftForm, ZoneForm
from recovery.dashboard.screens import on_call, pulse
from recovery.dashboard.screens import rota as screen
from recovery.dashboard.screens.figures import chosen_of


@staff_page
@require_safe
def rota_page(request: StaffRequest) -> HttpResponse:
    """One team's plan. Which team stands in the address."""
    return _page(request, request.GET.get("team"))


@in_the_background
@staff_page
@require_safe
def on_call_now(request: StaffRequest) -> HttpResponse:
    """What stands above the board, asked for again every minute: 304 while nothing else is to be read."""
    shown = on_call.show(request.user, clock.now())
    tag = f'"{shown.tag}"'
    if tag in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponseNotModified(headers={"ETag": tag})
    response = render(request, "dashboard/fragments/on_call.html", {"on_call": shown})
    response.headers["ETag"] = tag
    return response


@staff_page
@require_POST
def add_shift(request: StaffRequest, team_id: UUID) -> HttpResponse:
    page = _shown(request, str(team_id))
    form = ShiftForm(request.POST, people=page.members, auto_id="shift-%s")
    return _planned(
        request, team_id, "shift", form, rota.plan_shifts, "The weekly pattern has changed.", "pattern"
    )


@staff_page
@require_POST
def add_override(request: StaffRequest, team_id: UUID) -> HttpResponse:
    page = _shown(request, str(team_id))
    form = OverrideForm(request.POST, people=page.members, zone=page.zone, auto_id="override-%s")
    done = "It is planned, instead of the weekly pattern."
    return _planned(request, team_id, "override", form, rota.plan_override, done, "overrides")


@staff_page
@require_POST
def remove_shift(request: StaffRequest, team_id: UUID, shift_id: UUID) -> HttpResponse:
    return _removed(request, team_id, rota.remove_shift, "pattern", shift_id=shift_id)


@staff_page
@require_POST
def remove_override(request: StaffRequest, team_id: UUID, override_id: UUID) -> HttpResponse:
    return _removed(request, team_id, rota.remove_override, "overrides", override_id=override_id)


@staff_page
@require_POST
def name_lead(request: StaffRequest, team_id: UUID) -> HttpResponse:
    page = _shown(request, str(team_id))
    form = LeadForm(request.POST, people=page.members, auto_id="lead-%s")
    if not form.is_valid():
        return _page(request, str(team_id), lead=form, status=422)
    try:
        rota.name_lead(
            team_id=team_id,
            user_id=form.named(),
            was=form.cleaned_data["was"],
            by=request.user,
            now=clock.now(),
        )
    except rota.RotaRefused as refused:
        again = form.on_page(_shown(request, str(team_id)).lead)
        return _page(request, str(team_id), lead=again, refusal=refused.message, status=409)
    return _back(request, team_id, "It is saved who leads the team.", "people")


@staff_page
@require_POST
def set_zone(request: StaffRequest, team_id: UUID) -> HttpResponse:
    page = _shown(request, str(team_id))
    form = ZoneForm(request.POST, clinic_zone=page.team.clinic.time_zone, auto_id="zone-%s")
    if not form.is_valid():
        return _page(request, str(team_id), zone=form, status=422)
    try:
        rota.set_zone(team_id=team_id, by=request.user, now=clock.now(), **form.cleaned_data)
    except rota.RotaRefused as refused:
        again = form.on_page(_shown(request, str(team_id)).team.time_zone)
        return _page(request, str(team_id), zone=again, refusal=refused.message, status=409)
    return _back(request, team_id, "The rota goes by other clocks now.", "pattern")


def _planned(
    request: StaffRequest,
    team_id: UUID,
    name: str,
    form: ShiftForm | OverrideForm,
    plan: Callable[..., object],
    done: str,
    where: str,
) -> HttpResponse:
    """`name` is the form's on the page, on which what was typed stays until it is taken."""
    typed: dict[str, Any] = {name: form}
    if not form.is_valid():
        return _page(request, str(team_id), **typed, status=422)
    try:
        plan(team_id=team_id, by=request.user, now=clock.now(), **form.planned())
    except rota.RotaRefused as refused:
        return _page(request, str(team_id), **typed, refusal=refused.message, status=409)
    return _back(request, team_id, done, where)


def _removed(
    request: StaffRequest, team_id: UUID, remove: Callable[..., object], where: str, **row: UUID
) -> HttpResponse:
    _shown(request, str(team_id))
    try:
        remove(team_id=team_id, by=request.user, now=clock.now(), **row)
    except rota.RotaRefused as refused:
        return _page(request, str(team_id), refusal=refused.message, status=409)
    return _back(request, team_id, "It is taken out of the plan.", where)


def _shown(request: StaffRequest, team: str | None) -> screen.Page:
    teams = screen.teams_of(request.user)
    return screen.show(request.user, chosen_of(teams, team), teams, clock.now())


def _page(
    request: StaffRequest,
    team: str | None,
    *,
    shift: ShiftForm | None = None,
    override: OverrideForm | None = None,
    lead: LeadForm | None = None,
    zone: ZoneForm | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    now = clock.now()
    shown: dict[str, Any] = {"outline": pulse.outline(request.user, now), "tab": "rota", "refusal": refusal}
    teams = screen.teams_of(request.user)
    if teams:
        page = screen.show(request.user, chosen_of(teams, team), teams, now)
        typed: forms.Form | None = shift or override or lead or zone
        shown |= {"page": page, "clock": page.clock, "typed": typed}
        if page.may_plan:
            was = str(page.lead.uuid) if page.lead else ""
            shown |= {
                "shift": shift or ShiftForm(people=page.members, auto_id="shift-%s", initial={"level": "1"}),
                "override": override
                or OverrideForm(
                    people=page.members, zone=page.zone, auto_id="override-%s", initial={"level": "1"}
                ),
                "lead": lead
                or LeadForm(people=page.members, auto_id="lead-%s", initial={"lead": was, "was": was}),
                "zone": zone
                or ZoneForm(
                    clinic_zone=page.team.clinic.time_zone,
                    auto_id="zone-%s",
                    initial={"zone": page.team.time_zone, "was": page.team.time_zone},
                ),
            }
    return render(request, "dashboard/pages/rota.html", shown, status=status)


def _back(request: StaffRequest, team_id: UUID, done: str, where: str) -> HttpResponse:
    messages.success(request, done)
    return HttpResponseRedirect(f"{reverse('dashboard:rota')}?team={team_id}#{where}", status=303)
