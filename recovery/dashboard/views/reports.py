from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from recovery import clock
from recovery.dashboard.door import StaffRequest, staff_page
from recovery.dashboard.screens import pulse, shelves


@staff_page
@require_safe
def reports(request: StaffRequest) -> HttpResponse:
    """Reports that could not be judged, could not be read, or were refused in part."""
    outline = pulse.outline(request.user, clock.now())
    shown = {"outline": outline, "reports": shelves.reports(request.user, outline), "tab": "reports"}
    return render(request, "dashboard/pages/reports.html", shown)
