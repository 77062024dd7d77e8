"""Letting a recovery run on past its last check-in: a form that works without JavaScript, one operation, and back."""

from datetime import timedelta
from uuid import UUID

from django.http import HttpResponse

from recovery import clock, episodes, silence
from recovery.dashboard.door import StaffRequest, staff_page
from recovery.dashboard.forms.care import ExtendForm
from recovery.dashboard.screens import care as screen
from recovery.dashboard.views.care import asked_or_sent, back_to, care_page
from recovery.dashboard.wording import day
from recovery.errors import Refused


@staff_page
@asked_or_sent
def extend(request: StaffRequest, episode_id: UUID) -> HttpResponse:
    care = screen.care_of(request.user, episode_id, clock.now())
    form = _form(request, care)
    if request.method != "POST":
        return _page(request, care, form)
    if not form.is_valid():
        return _page(request, care, form, status=422)
    until = form.until_at(care.clock.zone)
    try:
        episodes.extend(
            episode_id=episode_id,
            until=until,
            reason=form.cleaned_data["reason"],
            by=request.user,
            now=clock.now(),
        )
    except Refused as refusal:
        care = screen.care_of(request.user, episode_id, clock.now())
        return _page(request, care, form, refusal=refusal.message, status=409)
    return back_to(request, f"The recovery runs on until {day(until.date())}.", "patient", episode_id)


def _form(request: StaffRequest, care: screen.Care) -> ExtendForm:
    now = care.clock.now
    ends_at = max(now, silence.Watched.of(care.episode).planned_end)
    first, last = (
        instant.astimezone(care.clock.zone).date()
        for instant in (ends_at + timedelta(days=1), now + episodes.LONGEST_EXTENSION - timedelta(days=1))
    )
    typed = request.POST if request.method == "POST" else None
    return ExtendForm(typed, first=first, last=last, auto_id="extend-%s")


def _page(
    request: StaffRequest, care: screen.Care, form: ExtendForm, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    planned_end = silence.Watched.of(care.episode).planned_end
    return care_page(
        request,
        "care_extend",
        care,
        title="Let the recovery run on",
        form=form,
        offered=care.may_end and not care.has_ended,
        refusal=refusal,
        status=status,
        ends=care.clock.moment(care.episode.extended_until or planned_end),
    )
