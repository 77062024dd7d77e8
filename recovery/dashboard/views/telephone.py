"""A check-in that a patient gives on the telephone: the form, and what is read out when it is judged."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from recovery import checkins, clock
from recovery.dashboard.door import StaffRequest, staff_page
from recovery.dashboard.forms.telephone import TelephoneForm
from recovery.dashboard.screens import care_facts as screen
from recovery.dashboard.views.care import care_page
from recovery.errors import Refused

asked_or_sent = require_http_methods(["GET", "HEAD", "POST"])


@staff_page
@asked_or_sent
def check_in(request: StaffRequest, episode_id: UUID) -> HttpResponse:
    """The questionnaire, as the patient's phone asks it now, for somebody who has the patient on the line."""
    now = clock.now()
    shown = screen.call(request.user, episode_id, now)
    form = TelephoneForm(
        request.POST if request.method == "POST" else None,
        episode=shown.care.episode,
        protocol=shown.protocol,
        now=now,
        auto_id="call-%s",
    )
    if request.method != "POST":
        return _call_page(request, shown, form)
    if not form.is_valid():
        return _call_page(
            request, shown, form, refusal=" ".join(map(str, form.non_field_errors())), status=422
        )
    try:
        receipt = checkins.take_by_telephone(
            episode_id=episode_id,
            client_id=form.cleaned_data["check_in"],
            answers=form.answers(),
            observed_at=form.observed_at(),
            completed=bool(form.cleaned_data["completed"]),
            by=request.user,
            now=now,
        )
    except Refused as refusal:
        return _call_page(request, shown, form, refusal=refusal.message, status=409)
    messages.success(request, "The check-in is judged and saved. Read out now what stands below.")
    told = reverse("dashboard:care-checkin-told", args=[episode_id, receipt.check_in_id])
    return HttpResponseRedirect(told, status=303)


@staff_page
@require_safe
def check_in_told(request: StaffRequest, episode_id: UUID, check_in_id: UUID) -> HttpResponse:
    """What came of it: first of all the words to read out."""
    shown = screen.told(request.user, episode_id, check_in_id, clock.now())
    context = {"screen": shown, "care": shown.care, "title": "Check-in by telephone", "tab": "patients"}
    return render(request, "dashboard/pages/care_checkin_told.html", context)


def _call_page(
    request: StaffRequest, shown: screen.Call, form: TelephoneForm, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    return care_page(
        request,
        "care_checkin",
        shown.care,
        title="Check-in by telephone",
        form=form,
        offered=shown.may_record,
        refusal=refusal,
        status=status,
        screen=shown,
    )
