"""Everything that is held about one person, handed out; and the person erased, by two. Each press asks for the
password."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from recovery import clock, persons
from recovery.dashboard.door import StaffRequest, said_who_lately, staff_page
from recovery.dashboard.forms.care import CareForm
from recovery.dashboard.forms.person import forms_for
from recovery.dashboard.screens import person_rights as screen
from recovery.dashboard.views.care import care_page
from recovery.errors import Refused


def rights_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Of a person for whom somebody else answers nothing is there, before anything is asked."""

    @wraps(view)
    def door(request: StaffRequest, episode_id: UUID, **what: Any) -> HttpResponse:
        persons.answered_for(episode_id, request.user)
        return view(request, episode_id=episode_id, **what)

    return door


@staff_page
@require_safe
def person(request: StaffRequest, episode_id: UUID) -> HttpResponse:
    return _page(request, episode_id)


@staff_page
@require_POST
@rights_page
@said_who_lately
def export(request: StaffRequest, episode_id: UUID) -> HttpResponse:
    """As a file. Its name tells nobody's."""
    episode = persons.answered_for(episode_id, request.user)
    if not persons.may_ask(episode, request.user):
        refusal = "Only an administrator of the team hands out what is held."
        return _page(request, episode_id, refusal=refusal, status=409)
    document = persons.export(episode.patient, by=request.user, now=clock.now())
    if request.POST.get("as") == "page":
        answer = render(request, "dashboard/exported.html", {"document": persons.readable(document)})
        ending = "html"
    else:
        answer, ending = HttpResponse(persons.as_json(document), content_type="application/json"), "json"
    answer.headers["Content-Disposition"] = f'attachment; filename="person-{episode.patient.uuid}.{ending}"'
    return answer


@staff_page
@require_POST
@rights_page
@said_who_lately
def erase(request: StaffRequest, episode_id: UUID) -> HttpResponse:
    done = "It is asked for. Nothing is erased until somebody else confirms it."
    return _typed(request, episode_id, "erase", persons.ask, done)


@staff_page
@require_POST
@rights_page
@said_who_lately
def withdraw(request: StaffRequest, episode_id: UUID, erasure_id: UUID) -> HttpResponse:
    done = "It is withdrawn. Nothing was erased."
    return _tried(request, episode_id, persons.withdraw, done, erasure_id=erasure_id)


@staff_page
@require_POST
@rights_page
@said_who_lately
def confirm(request: StaffRequest, episode_id: UUID, erasure_id: UUID) -> HttpResponse:
    return _tried(request, episode_id, persons.confirm, "It is erased.", to="patients", erasure_id=erasure_id)


@staff_page
@require_POST
@rights_page
@said_who_lately
def place_hold(request: StaffRequest, episode_id: UUID) -> HttpResponse:
    return _typed(request, episode_id, "hold", persons.place_hold, "Everything is kept until this is lifted.")


@staff_page
@require_POST
@rights_page
@said_who_lately
def lift_hold(request: StaffRequest, episode_id: UUID) -> HttpResponse:
    return _tried(request, episode_id, persons.lift_hold, "The legal hold is lifted.")


def _typed(
    request: StaffRequest, episode_id: UUID, of: str, operation: Callable[..., object], done: str
) -> HttpResponse:
    forms = forms_for(request.POST, of=of)
    form = forms[f"{of}_form"]
    if not form.is_valid():
        return _page(request, episode_id, typed=of, status=422, forms=forms)
    return _tried(request, episode_id, operation, done, typed=of, forms=forms, **form.cleaned_data)


def _tried(
    request: StaffRequest,
    episode_id: UUID,
    operation: Callable[..., object],
    done: str,
    *,
    to: str = "person",
    typed: str = "",
    forms: Mapping[str, CareForm] | None = None,
    **what: Any,
) -> HttpResponse:
    try:
        operation(episode_id=episode_id, by=request.user, now=clock.now(), **what)
    except Refused as refusal:
        return _page(request, episode_id, typed=typed, refusal=refusal.message, status=409, forms=forms)
    messages.success(request, done)
    back = (
        reverse("dashboard:patients") if to == "patients" else reverse("dashboard:person", args=[episode_id])
    )
    return HttpResponseRedirect(back, status=303)


def _page(
    request: StaffRequest,
    episode_id: UUID,
    *,
    typed: str = "",
    refusal: str = "",
    status: int = 200,
    forms: Mapping[str, CareForm] | None = None,
) -> HttpResponse:
    """`typed` names the form that was sent, in `forms`."""
    shown = screen.show(request.user, episode_id, clock.now())
    every = forms_for() | dict(forms or {})
    return care_page(
        request,
        "care_person",
        shown.care,
        title="What is held about them",
        form=every.get(f"{typed}_form"),
        offered=True,
        refusal=refusal,
        status=status,
        shown=shown,
        **every,
    )
