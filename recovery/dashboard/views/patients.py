from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from recovery import clock
from recovery.dashboard.door import StaffRequest, staff_page
from recovery.dashboard.forms.patients import FindForm
from recovery.dashboard.screens import patients as screen
from recovery.dashboard.views.patient import number_in


@staff_page
@require_http_methods(["GET", "HEAD", "POST"])
def patients(request: StaffRequest) -> HttpResponse:
    """Running recoveries, and the search. What is looked for is posted: a name has no place in an address."""
    now = clock.now()
    form = FindForm(request.POST if request.method == "POST" else None, auto_id="find-%s")
    only_silent = request.GET.get("show") == "silent"
    roster = screen.running(request.user, now, page=number_in(request, "page"), only_silent=only_silent)
    shown = {"form": form, "roster": roster, "tab": "patients"}
    status = 200
    if form.is_bound and form.is_valid():
        shown["finds"] = screen.found(request.user, form.cleaned_data["words"], roster.clock)
    elif form.is_bound:
        status = 422
    return render(request, "dashboard/pages/patients.html", shown, status=status)
