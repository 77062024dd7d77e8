"""What the team changes about how a patient is watched: muted, paused, resumed, ended, with a note or a summary.

Each is a form that works without JavaScript, one operation, and back. Whatever refuses it, what was typed stays.
"""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recovery import access, alerts, clock, episodes
from recovery.dashboard.door import StaffRequest, staff_page
from recovery.dashboard.forms.care import CareForm, EndForm, MuteForm, NoteForm, ReasonForm
from recovery.dashboard.screens import care as screen
from recovery.dashboard.screens import graduation
from recovery.dashboard.views.patient import whole_patient
from recovery.errors import Refused

asked_or_sent = require_http_methods(["GET", "HEAD", "POST"])


@staff_page
@require_POST
def note(request: StaffRequest, episode_id: UUID) -> HttpResponse:
    form = NoteForm(request.POST, auto_id="note-%s")
    access.episodes(request.user).get(uuid=episode_id)
    if not form.is_valid():
        return whole_patient(request, episode_id, note=form, status=422)
    try:
        episodes.add_note(episode_id=episode_id, by=request.user, now=clock.now(), **form.cleaned_data)
    except Refused as refusal:
        return whole_patient(request, episode_id, note=form, refusal=refusal.message, status=409)
    messages.success(request, "The note is saved.", extra_tags=f"patient/{episode_id}/note")
    return HttpResponseRedirect(
        reverse("dashboard:patient", args=[episode_id]) + "#notes-heading", status=303
    )


@staff_page
@asked_or_sent
def mute(request: StaffRequest, episode_id: UUID) -> HttpResponse:
    shown = screen.muting(request.user, episode_id, clock.now())
    form = _mute_form(request, shown)
    if request.method != "POST":
        return _mute_page(request, shown, form)
    if not form.is_valid():
        return _mute_page(request, shown, form, status=422)
    try:
        alerts.mute(
            alert_id=form.cleaned_data["alert"],
            until=form.until_at(shown.care.clock.zone),
            reason=form.cleaned_data["reason"],
            seen=form.known(),
            by=request.user,
            now=clock.now(),
        )
    except Refused as refusal:
        again = screen.muting(request.user, episode_id, clock.now())
        return _mute_page(request, again, form.seen_now(again.seen), refusal=refusal.message, status=409)
    return back_to(request, "The rule is muted. Anything worse ends that at once.", "care-mute", episode_id)


@staff_page
@require_POST
def unmute(request: StaffRequest, episode_id: UUID, alert_id: UUID) -> HttpResponse:
    alert = access.alerts(request.user).get(uuid=alert_id, episode__uuid=episode_id)
    try:
        alerts.unmute(alert_id=alert.uuid, by=request.user, now=clock.now())
    except Refused as refusal:
        shown = screen.muting(request.user, episode_id, clock.now())
        return _mute_page(
            request, shown, _mute_form(request, shown, blank=True), refusal=refusal.message, status=409
        )
    return back_to(request, "The rule is no longer muted.", "care-mute", episode_id)


@staff_page
@asked_or_sent
def pause(request: StaffRequest, episode_id: UUID) -> HttpResponse:
    if request.method == "POST":
        return _change(request, episode_id, episodes.pause, done="The recovery is paused.")
    return _pause_page(
        request, screen.care_of(request.user, episode_id, clock.now()), ReasonForm(auto_id="pause-%s")
    )


@staff_page
@require_POST
def resume(request: StaffRequest, episode_id: UUID) -> HttpResponse:
    return _change(request, episode_id, episodes.resume, done="The recovery is resumed.")


@staff_page
@asked_or_sent
def end(request: StaffRequest, episode_id: UUID) -> HttpResponse:
    care = screen.care_of(request.user, episode_id, clock.now())
    still_open = screen.open_of(request.user, care)
    form = _end_form(request, still_open)
    if request.method != "POST":
        return _end_page(request, care, still_open, form)
    if not care.has_ended and request.POST.get("seen", "") not in ("", still_open.seen):
        changed = "Something has changed since this page was shown: read what is open now, and send it again."
        return _end_page(
            request, care, still_open, form.seen_now(still_open.seen), refusal=changed, status=409
        )
    if not form.is_valid():
        return _end_page(request, care, still_open, form, status=422)
    try:
        episodes.end(
            episode_id=episode_id, reason=form.cleaned_data["reason"], by=request.user, now=clock.now()
        )
    except Refused as refusal:
        care = screen.care_of(request.user, episode_id, clock.now())
        return _end_page(request, care, still_open, form, refusal=refusal.message, status=409)
    return back_to(request, "The recovery has ended. This is its summary.", "care-summary", episode_id)


@staff_page
@require_safe
def summary(request: StaffRequest, episode_id: UUID) -> HttpResponse:
    shown = graduation.show(request.user, episode_id, clock.now())
    context = {"shown": shown, "care": shown.care, "tab": "patients"}
    return render(request, "dashboard/pages/graduation.html", context)


def care_page(
    request: StaffRequest,
    name: str,
    care: screen.Care,
    *,
    title: str,
    form: CareForm | None,
    offered: bool,
    refusal: str = "",
    status: int = 200,
    **more: object,
) -> HttpResponse:
    """A page with one form, with what was typed kept in it; and beside the page when the form is not offered any
    more."""
    sent = form if form is not None and form.is_bound else None
    context = {
        "care": care,
        "title": title,
        "tab": "patients",
        "form": form if offered else None,
        "typed": sent if offered else None,
        "lost": sent.in_words() if sent is not None and not offered else [],
        "refusal": refusal,
        **more,
    }
    return render(request, f"dashboard/pages/{name}.html", context, status=status)


def _change(
    request: StaffRequest, episode_id: UUID, operation: Callable[..., object], *, done: str
) -> HttpResponse:
    care = screen.care_of(request.user, episode_id, clock.now())
    form = ReasonForm(request.POST, auto_id="pause-%s")
    if not form.is_valid():
        return _pause_page(request, care, form, status=422)
    try:
        operation(episode_id=episode_id, by=request.user, now=clock.now(), **form.cleaned_data)
    except Refused as refusal:
        care = screen.care_of(request.user, episode_id, clock.now())
        return _pause_page(request, care, form, refusal=refusal.message, status=409)
    return back_to(request, done, "patient", episode_id)


def _pause_page(
    request: StaffRequest, care: screen.Care, form: ReasonForm, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    """What was typed to pause is not offered as a reason to resume: whoever was too late reads it beside the page."""
    meant = "resume" if request.path.endswith("resume") else "pause"
    is_late = bool(refusal) and meant != ("resume" if care.is_paused else "pause")
    page = {
        "title": "Resume" if care.is_paused else "Pause",
        "next": screen.resumed_from(request.user, care) if care.is_paused else "",
    }
    offered = care.may_change and not care.has_ended and not is_late
    return care_page(
        request, "care_pause", care, form=form, offered=offered, refusal=refusal, status=status, **page
    )


def _mute_form(request: StaffRequest, shown: screen.MuteScreen, *, blank: bool = False) -> MuteForm:
    today = shown.care.clock.now.astimezone(shown.care.clock.zone).date()
    typed = request.POST if request.method == "POST" and not blank else None
    initial = {"seen": shown.seen, "alert": request.GET.get("alert", "")}
    return MuteForm(typed, initial=initial, rules=shown.choices, today=today, auto_id="mute-%s")


def _mute_page(
    request: StaffRequest, shown: screen.MuteScreen, form: MuteForm, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    return care_page(
        request,
        "care_mute",
        shown.care,
        title="Mute a rule",
        form=form,
        offered=shown.care.may_mute and bool(shown.rules),
        refusal=refusal,
        status=status,
        shown=shown,
    )


def _end_form(request: StaffRequest, still_open: screen.Open) -> EndForm:
    typed = request.POST if request.method == "POST" else None
    return EndForm(typed, open_words=still_open.words, seen=still_open.seen, auto_id="end-%s")


def _end_page(
    request: StaffRequest,
    care: screen.Care,
    still_open: screen.Open,
    form: EndForm,
    *,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    return care_page(
        request,
        "care_end",
        care,
        title="End the recovery",
        form=form,
        offered=care.may_end and not care.has_ended,
        refusal=refusal,
        status=status,
        open=still_open,
    )


def back_to(request: StaffRequest, words: str, name: str, episode_id: UUID) -> HttpResponse:
    messages.success(request, words)
    return HttpResponseRedirect(reverse(f"dashboard:{name}", args=[episode_id]), status=303)
