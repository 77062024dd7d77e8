from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from recovery import clock
from recovery.dashboard.door import StaffRequest, staff_page
from recovery.dashboard.screens import owed as screen
from recovery.dashboard.screens import pulse


@staff_page
@require_safe
def owed(request: StaffRequest) -> HttpResponse:
    """Every state that must not last, with its age and its owner."""
    outline = pulse.outline(request.user, clock.now())
    shown = {"outline": outline, "screen": screen.show(request.user, outline.clock), "tab": "owed"}
    return render(request, "dashboard/pages/owed.html", shown)
