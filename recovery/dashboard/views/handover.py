from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from recovery import clock
from recovery.dashboard.door import StaffRequest, staff_page
from recovery.dashboard.screens import handover as screen
from recovery.dashboard.screens import pulse


@staff_page
@require_safe
def handover(request: StaffRequest) -> HttpResponse:
    """What the next shift has to know."""
    outline = pulse.outline(request.user, clock.now())
    shown = {"outline": outline, "sheet": screen.show(request.user, outline), "tab": "handover"}
    return render(request, "dashboard/pages/handover.html", shown)
