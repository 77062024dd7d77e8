"""Which phones may report for a patient, and signing one out. A code for another comes with its sheet (enrol.py)."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from recovery import clock, devices
from recovery.dashboard.door import StaffRequest, staff_page
from recovery.dashboard.forms.care import ReasonForm
from recovery.dashboard.screens import phones as screen
from recovery.dashboard.views.care import care_page
from recovery.errors import Refused
from recovery.models import DeviceToken


@staff_page
@require_safe
def phones(request: StaffRequest, episode_id: UUID) -> HttpResponse:
    return _page(request, screen.show(request.user, episode_id, clock.now()))


@staff_page
@require_POST
def revoke(request: StaffRequest, episode_id: UUID, device_id: UUID) -> HttpResponse:
    shown = screen.show(request.user, episode_id, clock.now())
    phone = shown.named(device_id)
    if phone is None:
        raise DeviceToken.DoesNotExist
    form = ReasonForm(request.POST, auto_id=f"out-{device_id}-%s")
    if not form.is_valid():
        return _page(request, shown, device_id, form, status=422)
    try:
        devices.revoke(
            episode_id=episode_id, device_id=device_id, by=request.user, now=clock.now(), **form.cleaned_data
        )
    except Refused as refusal:
        shown = screen.show(request.user, episode_id, clock.now())
        return _page(request, shown, device_id, form, refusal=refusal.message, status=409)
    messages.success(request, f"{phone.name} is signed out. It can report no more.")
    return HttpResponseRedirect(reverse("dashboard:care-phones", args=[episode_id]), status=303)


def _page(
    request: StaffRequest,
    shown: screen.Phones,
    device_id: UUID | None = None,
    form: ReasonForm | None = None,
    *,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    """`form` is what was typed about one of them."""
    rows = [
        (phone, form if form and phone.id == device_id else ReasonForm(auto_id=f"out-{phone.id}-%s"))
        for phone in shown.in_use
    ]
    return care_page(
        request,
        "care_phones",
        shown.care,
        title="Phones",
        form=form,
        offered=any(phone.id == device_id for phone in shown.in_use),
        refusal=refusal,
        status=status,
        shown=shown,
        rows=rows,
    )
