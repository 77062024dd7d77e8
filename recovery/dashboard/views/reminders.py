"""How and when a patient is reminded, changed by the team: a form, one operation, and back."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from recovery import clock, reminders
from recovery.dashboard.door import StaffRequest, staff_page
from recovery.dashboard.forms.reminders import RemindersForm, initial_of
from recovery.dashboard.screens.care import Care, care_of
from recovery.dashboard.screens.reminding import reminding_of
from recovery.dashboard.views.care import care_page


@staff_page
@require_http_methods(["GET", "HEAD", "POST"])
def reminders_page(request: StaffRequest, episode_id: UUID) -> HttpResponse:
    care = care_of(request.user, episode_id, clock.now())
    row = reminders.of_episode(care.episode)
    if request.method != "POST":
        known = initial_of(row) | {"seen": reminders.as_seen(row)}
        return _page(request, care, RemindersForm(initial=known, knows=row.channel, auto_id="care-%s"))
    form = RemindersForm(request.POST, knows=row.channel, auto_id="care-%s")
    chosen = form.chosen() if form.is_valid() else None
    if chosen is None:
        return _page(request, care, form, status=422)
    try:
        reminders.choose_for(
            episode_id=episode_id,
            chosen=chosen,
            seen=form.cleaned_data["seen"] or None,
            by=request.user,
            now=clock.now(),
        )
    except reminders.RemindersRefused as refusal:
        care = care_of(request.user, episode_id, clock.now())
        form.seen_now(reminders.as_seen(reminders.of_episode(care.episode)))
        return _page(request, care, form, refusal=refusal.message, status=409)
    messages.success(request, "The reminders are changed.")
    return HttpResponseRedirect(reverse("dashboard:patient", args=[episode_id]), status=303)


def _page(
    request: StaffRequest, care: Care, form: RemindersForm, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    return care_page(
        request,
        "care_reminders",
        care,
        title="Change the reminders",
        form=form,
        offered=not care.has_ended,
        refusal=refusal,
        status=status,
        told=reminding_of(care.episode, care.clock),
    )
