"""What is known of a patient, corrected: the baseline, the risk factors, when the procedure was. Each is a form that
works without JavaScript, one operation, and back."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from recovery import clock, corrections, procedure_time
from recovery.dashboard.door import StaffRequest, staff_page
from recovery.dashboard.forms.care_facts import BaselineForm, Correction, ProcedureForm, RisksForm
from recovery.dashboard.screens import care_facts as screen
from recovery.dashboard.views.care import care_page
from recovery.errors import Refused

asked_or_sent = require_http_methods(["GET", "HEAD", "POST"])

ANEW = "Every check-in is being judged anew by it. Look again in a moment."


@staff_page
@asked_or_sent
def baseline(request: StaffRequest, episode_id: UUID) -> HttpResponse:
    def form_of(facts: screen.Facts, **options: Any) -> BaselineForm:
        return BaselineForm(
            episode=facts.care.episode, protocol=facts.protocol, now=facts.care.clock.now, **options
        )

    def write(form: BaselineForm, **common: Any) -> None:
        corrections.correct_baseline(baseline=form.answers(), baseline_at=form.baseline_at(), **common)

    return _correct(
        request,
        episode_id,
        corrections.BASELINE,
        form_of,
        write,
        page="care_baseline",
        title="Correct the baseline",
        done=f"The baseline is corrected. {ANEW}",
    )


@staff_page
@asked_or_sent
def risks(request: StaffRequest, episode_id: UUID) -> HttpResponse:
    def form_of(facts: screen.Facts, **options: Any) -> RisksForm:
        return RisksForm(episode=facts.care.episode, protocol=facts.protocol, **options)

    def write(form: RisksForm, **common: Any) -> None:
        chosen = form.cleaned_data["risk_factors"]
        corrections.correct_risk_factors(
            risk_factors=chosen, blood_thinner_restart_h=form.restart_h(), **common
        )

    return _correct(
        request,
        episode_id,
        corrections.RISKS,
        form_of,
        write,
        page="care_risks",
        title="Correct the risk factors",
        done=f"The risk factors are corrected. {ANEW}",
    )


@staff_page
@asked_or_sent
def procedure(request: StaffRequest, episode_id: UUID) -> HttpResponse:
    def form_of(facts: screen.Facts, **options: Any) -> ProcedureForm:
        return ProcedureForm(episode=facts.care.episode, now=facts.care.clock.now, **options)

    def write(form: ProcedureForm, **common: Any) -> None:
        only_day = form.cleaned_data["only_day"]
        procedure_time.change(procedure_at=form.procedure_at(), time_estimated=only_day, **common)

    return _correct(
        request,
        episode_id,
        corrections.PROCEDURE,
        form_of,
        write,
        page="care_procedure",
        title="Change the procedure time",
        done=f"The procedure time is changed, and with it every hour and check-in due. {ANEW}",
    )


def _correct(
    request: StaffRequest,
    episode_id: UUID,
    what: str,
    form_of: Callable[..., Correction],
    write: Callable[..., None],
    *,
    page: str,
    title: str,
    done: str,
) -> HttpResponse:
    """One correction: what is recorded as a form, and written only if it still stands as it was read."""
    facts = screen.facts_of(request.user, episode_id, clock.now())
    seen = corrections.as_seen(facts.care.episode, what)
    typed = request.POST if request.method == "POST" else None
    form = form_of(facts, data=typed, auto_id="care-%s")

    def again(facts: screen.Facts, *, refusal: str = "", status: int = 200) -> HttpResponse:
        return care_page(
            request,
            page,
            facts.care,
            title=title,
            form=form,
            offered=facts.care.may_change,
            refusal=refusal,
            status=status,
            about=facts.about,
        )

    if typed is None:
        form.initial["seen"] = seen
        return again(facts)
    if not form.is_valid():
        return again(facts, status=422)
    try:
        write(
            form,
            episode_id=episode_id,
            reason=form.cleaned_data["reason"],
            seen=form.cleaned_data["seen"] or None,
            by=request.user,
            now=clock.now(),
        )
    except Refused as refusal:
        facts = screen.facts_of(request.user, episode_id, clock.now())
        form.seen_now(corrections.as_seen(facts.care.episode, what))
        return again(facts, refusal=refusal.message, status=409)
    messages.success(request, done)
    return HttpResponseRedirect(reverse("dashboard:patient", args=[episode_id]), status=303)
