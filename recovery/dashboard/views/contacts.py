"""How a patient is reached, changed: a form, one operation, and back."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from recovery import clock, enrolment
from recovery.dashboard.door import StaffRequest, staff_page
from recovery.dashboard.forms.contacts import ContactsForm
from recovery.dashboard.screens.care import Care, care_of
from recovery.dashboard.screens.person import numbers_of
from recovery.dashboard.views.care import care_page


@staff_page
@require_http_methods(["GET", "HEAD", "POST"])
def contacts(request: StaffRequest, episode_id: UUID) -> HttpResponse:
    care = care_of(request.user, episode_id, clock.now())
    patient = care.episode.patient
    if request.method != "POST":
        known = {name: getattr(patient, name) for name in enrolment.CONTACT}
        known["seen"] = enrolment.contacts_seen(patient)
        return _page(request, care, ContactsForm(initial=known, auto_id="care-%s"))
    form = ContactsForm(request.POST, auto_id="care-%s")
    if not form.is_valid():
        return _page(request, care, form, status=422)
    try:
        enrolment.change_contacts(
            episode_id=episode_id,
            contacts=form.contacts(),
            seen=form.cleaned_data["seen"] or None,
            by=request.user,
            now=clock.now(),
        )
    except enrolment.EnrolmentRefused as refusal:
        care = care_of(request.user, episode_id, clock.now())
        form.seen_now(enrolment.contacts_seen(care.episode.patient))
        return _page(request, care, form, refusal=refusal.message, status=409)
    messages.success(request, "How to call is changed.")
    return HttpResponseRedirect(reverse("dashboard:patient", args=[episode_id]), status=303)


def _page(
    request: StaffRequest, care: Care, form: ContactsForm, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    return care_page(
        request,
        "care_contacts",
        care,
        title="Change how to call",
        form=form,
        offered=True,
        refusal=refusal,
        status=status,
        numbers=numbers_of(care.episode)[:-1],
    )
