from datetime import date
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from recovery import audit, clock, figures
from recovery.dashboard.door import StaffRequest, staff_page
from recovery.dashboard.forms.figures import BudgetForm, ChoiceForm
from recovery.dashboard.screens import figures as screen
from recovery.dashboard.screens import figures_sheet, pulse
from recovery.figures import Period
from recovery.models import CareTeam


@staff_page
@require_safe
def figures_page(request: StaffRequest) -> HttpResponse:
    """How it went for one team and period, which stand in the address."""
    return _page(request)


@staff_page
@require_safe
def figures_csv(request: StaffRequest, figure: str) -> HttpResponse:
    """One figure as a file. What the form would refuse is not there."""
    now = clock.now()
    teams = screen.teams_of(request.user)
    team = screen.chosen_of(teams, request.GET.get("team"))
    period = _period(_choice(request, teams, team), team)
    if period is None:
        raise Http404
    for each in screen.drawn(team, period, now):
        if each.slug == figure:
            audit.record(
                what="exported figures",
                now=now,
                clinic=team.clinic_id,
                user=request.user,
                subject=team,
                figure=figure,
                first=period.first.isoformat(),
                last=period.last.isoformat(),
            )
            name = f"{figure}-{period.first.isoformat()}-{period.last.isoformat()}.csv"
            return HttpResponse(
                figures_sheet.sheet(each, team, period),
                content_type="text/csv; charset=utf-8",
                headers={"Content-Disposition": f'attachment; filename="{name}"'},
            )
    raise Http404


@staff_page
@require_POST
def set_budget(request: StaffRequest, team_id: UUID) -> HttpResponse:
    """How many alerts the team means to work on. One comes back to the same period."""
    team = screen.chosen_of(screen.teams_of(request.user), str(team_id))
    form = BudgetForm(request.POST, auto_id="budget-%s")
    if not form.is_valid():
        return _page(request, team, form, status=422)
    given = form.cleaned_data
    try:
        figures.set_budget(
            team_id=team.uuid, budget=given["budget"], was=given["was"], by=request.user, now=clock.now()
        )
    except figures.BudgetRefused as refused:
        return _page(request, team, form, refusal=refused.message, status=409)
    messages.success(request, f"The alert budget of {team.name} is {given['budget']} for each 100 check-ins.")
    back = f"{reverse('dashboard:figures')}?{screen.query_of(team, given['first'], given['last'])}"
    return HttpResponseRedirect(back, status=303)


def _page(
    request: StaffRequest,
    team: CareTeam | None = None,
    typed: BudgetForm | None = None,
    *,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    now = clock.now()
    shown = {
        "outline": pulse.outline(request.user, now),
        "tab": "figures",
        "refusal": refusal,
        "typed": typed,
    }
    teams = screen.teams_of(request.user)
    if teams:
        team = team or screen.chosen_of(teams, request.GET.get("team"))
        shown["form"] = form = _choice(request, teams, team)
        period = _period(form, team)
        shown["clock"] = screen.clock_at(team, now)
        if period is None:
            status = 422
        else:
            shown["page"] = page = screen.show(request.user, team, period, now)
            shown["budget_form"] = _budget_form(typed, page, period)
    return render(request, "dashboard/pages/figures.html", shown, status=status)


def _choice(request: StaffRequest, teams: list[CareTeam], team: CareTeam) -> ChoiceForm:
    """What the address says, and the usual for what it does not."""
    here = screen.clock_at(team, clock.now())
    usual = screen.usual(here)
    given = request.POST if request.method == "POST" else request.GET
    days = {"first": usual.first.isoformat(), "last": usual.last.isoformat()}
    if given.get("first") or given.get("last"):
        days = {name: given.get(name, "") for name in days}
    return ChoiceForm(
        {"team": str(team.uuid)} | days, teams=teams, today=here.now.astimezone(here.zone).date()
    )


def _period(form: ChoiceForm, team: CareTeam) -> Period | None:
    if not form.is_valid():
        return None
    first: date = form.cleaned_data["first"]
    return Period(first, form.cleaned_data["last"], screen.clock_at(team, clock.now()).zone)


def _budget_form(typed: BudgetForm | None, page: screen.Page, period: Period) -> BudgetForm:
    """As typed, on a page that shows the budget as it is by now: sent again it is meant."""
    now = {"was": page.budget.number, "first": period.first.isoformat(), "last": period.last.isoformat()}
    if typed is None:
        return BudgetForm(initial={"budget": page.budget.number} | now, auto_id="budget-%s")
    return typed.on_page(now)
