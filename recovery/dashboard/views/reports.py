"""Reports that a human being has to read: the list, and what is done with one of them."""

from collections import defaultdict
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from recovery import clock, quarantine
from recovery.dashboard.door import StaffRequest, staff_page
from recovery.dashboard.forms.by_hand import ByHandForm, DismissForm, initial_of
from recovery.dashboard.screens import pulse, refused
from recovery.dashboard.screens import reports as screen
from recovery.errors import Refused

SAVED = "Judged by hand and saved as a check-in. Tell the patient now what stands below."


@staff_page
@require_safe
def reports(request: StaffRequest) -> HttpResponse:
    """Reports that could not be judged, could not be read, or were refused in part."""
    outline = pulse.outline(request.user, clock.now())
    shown = {"outline": outline, "reports": screen.reports(request.user, outline), "tab": "reports"}
    return render(request, "dashboard/pages/reports.html", shown)


@staff_page
@require_safe
def report(request: StaffRequest, report_id: UUID) -> HttpResponse:
    return _page(request, refused.show(request.user, report_id, clock.now()))


@staff_page
@require_POST
def judge(request: StaffRequest, report_id: UUID) -> HttpResponse:
    shown = refused.show(request.user, report_id, clock.now())
    form = _by_hand(shown, request.POST)
    if not form.is_valid():
        return _page(request, shown, by_hand=form, status=422)
    try:
        quarantine.judge_by_hand(
            kept_id=report_id,
            by=request.user,
            answers=form.answers(),
            observed_at=form.observed_at(shown.clock.zone),
            completed=form.cleaned_data["completed"],
            now=clock.now(),
        )
    except Refused as refusal:
        shown = refused.show(request.user, report_id, clock.now())
        return _page(request, shown, by_hand=form, refusal=refusal.message, status=409)
    messages.success(request, SAVED)
    return _back_to(report_id)


@staff_page
@require_POST
def dismiss(request: StaffRequest, report_id: UUID) -> HttpResponse:
    shown = refused.show(request.user, report_id, clock.now())
    form = DismissForm(request.POST, auto_id="dismiss-%s")
    if not form.is_valid():
        return _page(request, shown, dismissal=form, status=422)
    try:
        quarantine.dismiss(kept_id=report_id, by=request.user, now=clock.now(), **form.cleaned_data)
    except Refused as refusal:
        shown = refused.show(request.user, report_id, clock.now())
        return _page(request, shown, dismissal=form, refusal=refusal.message, status=409)
    messages.success(request, "The report is dismissed. Its alerts stay open until somebody closes them.")
    return _back_to(report_id)


def _page(
    request: StaffRequest,
    shown: refused.Screen,
    *,
    by_hand: ByHandForm | None = None,
    dismissal: DismissForm | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page, with what was typed kept in its form; and beside the page when the form is not offered any more."""
    typed = by_hand or dismissal
    offered = shown.may_review and not shown.refused.done
    context: dict[str, object] = {
        "screen": shown,
        "tab": "reports",
        "refusal": refusal,
        "typed": typed if offered else None,
        "lost": typed.in_words() if typed is not None and not offered else [],
    }
    if offered:
        context["by_hand"] = by_hand or _by_hand(shown)
        context["dismissal"] = dismissal or DismissForm(auto_id="dismiss-%s")
    return render(request, "dashboard/pages/report.html", context, status=status)


def _by_hand(shown: refused.Screen, typed: QueryDict | None = None) -> ByHandForm:
    """The questionnaire as it was typed, or as it is opened."""
    kept, sent = shown.kept, defaultdict[str, list[str]](list)
    for reason in shown.reasons:
        if reason.link_id and reason.sent:
            sent[reason.link_id].append(reason.sent)
    felt = kept.observed_at
    is_likely = felt is not None and kept.episode.procedure_at <= felt <= shown.clock.now
    return ByHandForm(
        typed,
        initial=initial_of(kept.answers, felt=felt if is_likely else None, zone=shown.clock.zone),
        protocol=shown.protocol,
        read=kept.answers,
        sent=sent,
        auto_id="judge-%s",
    )


def _back_to(report_id: UUID) -> HttpResponse:
    return HttpResponseRedirect(reverse("dashboard:report", args=[report_id]), status=303)
