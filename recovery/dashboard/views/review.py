from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from recovery import clock
from recovery.dashboard.door import StaffRequest, staff_page
from recovery.dashboard.screens import pulse, shelves


@staff_page
@require_safe
def review(request: StaffRequest) -> HttpResponse:
    """Routine items, which are in no queue and in no mail."""
    outline = pulse.outline(request.user, clock.now())
    shown = {"outline": outline, "review": shelves.review(request.user, outline), "tab": "review"}
    return render(request, "dashboard/pages/review.html", shown)
