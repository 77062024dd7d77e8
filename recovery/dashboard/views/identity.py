"""Who the patient is, corrected: a form, one operation, and back."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from recovery import clock, identity
from recovery.dashboard.door import StaffRequest, staff_page
from recovery.dashboard.forms.identity import IdentityForm
from recovery.dashboard.screens.care import Care, care_of
from recovery.dashboard.views.care import care_page
from recovery.errors import Refused


@staff_page
@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: StaffRequest, episode_id: UUID) -> HttpResponse:
    care = care_of(request.user, episode_id, clock.now())
    if request.method != "POST":
        known = {field: getattr(care.episode.patient, field) for field in identity.PERSON}
        known |= {"levels": ", ".join(care.episode.levels), "seen": identity.as_seen(care.episode)}
        return _page(request, care, IdentityForm(initial=known, auto_id="care-%s"))
    form = IdentityForm(request.POST, auto_id="care-%s")
    if not form.is_valid():
        return _page(request, care, form, status=422)
    try:
        identity.correct(
            episode_id=episode_id,
            seen=form.cleaned_data["seen"] or None,
            by=request.user,
            now=clock.now(),
            **form.corrected(),
        )
    except Refused as refusal:
        care = care_of(request.user, episode_id, clock.now())
        form.seen_now(identity.as_seen(care.episode))
        return _page(request, care, form, refusal=refusal.message, status=409)
    messages.success(
        request, "It is corrected. Check-ins are judged anew where a risk factor follows from it."
    )
    return HttpResponseRedirect(reverse("dashboard:patient", args=[episode_id]), status=303)


def _page(
    request: StaffRequest, care: Care, form: IdentityForm, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    return care_page(
        request,
        "care_identity",
        care,
        title="Correct who it is",
        form=form,
        offered=care.may_change,
        refusal=refusal,
        status=status,
        levels=", ".join(care.episode.levels),
    )
