"""Who is told when nobody acts: read by everybody of the team, changed by its administrator."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from recovery import clock, escalation
from recovery.dashboard.door import StaffRequest, staff_page
from recovery.dashboard.forms.escalation import PolicyForm, WasForm
from recovery.dashboard.screens import escalation as screen
from recovery.dashboard.screens.place import clock_of


@staff_page
@require_safe
def escalation_page(request: StaffRequest) -> HttpResponse:
    return _page(request, _asked_for(request))


@staff_page
@require_POST
def change(request: StaffRequest, team_id: UUID) -> HttpResponse:
    """Save the next version, or go back to the defaults."""
    page = screen.show(request.user, team_id, clock.now())
    assert page is not None  # a stranger was turned away
    beside = WasForm(request.POST)
    if not beside.is_valid():
        return _page(request, team_id, refusal="Load the page again: it is not whole.", status=422)
    to_defaults = beside.cleaned_data["defaults"]
    form = None if to_defaults else PolicyForm(page.policies, request.POST)
    if form is not None and not form.is_valid():
        return _page(request, team_id, form, status=422)
    try:
        written = escalation.change(
            team_id=team_id,
            policies=form.written() if form else None,
            was=beside.cleaned_data["was"],
            by=request.user,
            now=clock.now(),
        )
    except escalation.PolicyRefused as refused:
        if form is not None and refused.wrong:
            form.say(refused.wrong)
            return _page(request, team_id, form, status=422)
        return _page(request, team_id, form, refusal=refused.message, status=409)
    if written.version == page.version:
        messages.info(request, "Nothing was changed: this holds already.")
    else:
        messages.success(request, f"Version {written.version} holds for alerts that come in from now on.")
    return HttpResponseRedirect(f"{reverse('dashboard:escalation')}?team={team_id}", status=303)


def _page(
    request: StaffRequest,
    team_id: UUID | None,
    form: PolicyForm | None = None,
    *,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    now = clock.now()
    page = screen.show(request.user, team_id, now)
    shown = {
        "page": page,
        "clock": page.clock if page else clock_of(request.user, now),
        "elsewhere": screen.elsewhere(request.user, now),
        "form": form or (PolicyForm(page.policies) if page and page.may_change else None),
        "has_errors": form is not None and any(each.errors for each in form.tiers),
        "refusal": refusal,
    }
    return render(request, "dashboard/pages/escalation.html", shown, status=status)


def _asked_for(request: StaffRequest) -> UUID | None:
    try:
        return UUID(request.GET["team"]) if request.GET.get("team") else None
    except ValueError:
        raise Http404 from None
