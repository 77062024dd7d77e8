"""What colleagues do to an alert: each a form that works without JavaScript, one domain call, and back."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from recovery import alerts, clock
from recovery.dashboard.door import StaffRequest, staff_page
from recovery.dashboard.forms.moves import (
    AskForm,
    CloseForm,
    ContactForm,
    Move,
    NoiseForm,
    NoNoiseForm,
    NoteForm,
)
from recovery.dashboard.screens import alert as screen
from recovery.dashboard.screens import alert_state as states
from recovery.dashboard.views.alert import whole_alert
from recovery.dashboard.views.board import list_of, whole_board


@staff_page
@require_POST
def acknowledge(request: StaffRequest, alert_id: UUID) -> HttpResponse:
    """Take an alert on: from a row of the board (`from=board`), from its own page, or from the page of another alert of
    the same patient (`from` is that one's id). One comes back to where one was."""
    on_board, page = _origin(request.POST.get("from", ""), alert_id)
    try:
        alerts.acknowledge(alert_id=alert_id, by=request.user, now=clock.shared())
    except alerts.NotAllowed as refusal:
        return _told(request, page, refusal.message, on_board=on_board)
    if request.htmx and on_board:
        return list_of(request, notice="")
    messages.success(request, "You have taken this on. Now phone the patient.")
    back = reverse("dashboard:board") + f"#alert-{alert_id}" if on_board else _page(page)
    return HttpResponseRedirect(back, status=303)


@staff_page
@require_POST
def take_over(request: StaffRequest, alert_id: UUID) -> HttpResponse:
    try:
        with transaction.atomic():
            _must_stand(request, alert_id, request.POST.get("seen", ""), name="take over")
            alerts.take_over(alert_id=alert_id, by=request.user, now=clock.shared())
    except alerts.NotAllowed as refusal:
        return _told(request, alert_id, refusal.message, on_board=False)
    messages.success(request, "You have taken this over. It is in your hands now.")
    return HttpResponseRedirect(_page(alert_id), status=303)


@staff_page
@require_POST
def ask(request: StaffRequest, alert_id: UUID) -> HttpResponse:
    colleagues = screen.whom_to_ask(states.load(request.user, alert_id), request.user)
    form = AskForm(request.POST, auto_id="ask-%s", colleagues=colleagues)
    done = "Your colleague has been asked. Until they take it, it stays where it is."
    return _move(request, alert_id, "ask", form, alerts.ask, done=done)


@staff_page
@require_POST
def record_contact(request: StaffRequest, alert_id: UUID) -> HttpResponse:
    alert = states.load(request.user, alert_id)
    form = ContactForm(
        request.POST,
        auto_id="contact-%s",
        zone=ZoneInfo(alert.episode.clinic.time_zone),
        now=clock.now(),
        others=screen.others_of(alert, request.user, request.POST.getlist("also")[:50]),
    )
    return _move(request, alert_id, "contact", form, alerts.record_contact, done="The contact is recorded.")


@staff_page
@require_POST
def add_note(request: StaffRequest, alert_id: UUID) -> HttpResponse:
    form = NoteForm(request.POST, auto_id="note-%s")
    done = "The note is saved."
    return _move(request, alert_id, "note", form, alerts.add_note, done=done, even_if_changed=True)


@staff_page
@require_POST
def noise(request: StaffRequest, alert_id: UUID) -> HttpResponse:
    """That it was noise and why; or, by the button beside that, that it was none after all."""
    if "none" in request.POST:
        form: Move = NoNoiseForm(request.POST)
        done = "The alert counts as noise no longer."
    else:
        form = NoiseForm(request.POST, auto_id="noise-%s")
        done = "The alert counts as noise. It stays as it is, and nothing is muted."
    return _move(request, alert_id, "noise", form, alerts.call_noise, done=done, even_if_changed=True)


@staff_page
@require_POST
def close(request: StaffRequest, alert_id: UUID) -> HttpResponse:
    tier = states.state_of(request.user, alert_id, clock.now()).row.tier
    form = CloseForm(request.POST, auto_id="close-%s", tier=tier)
    return _move(
        request, alert_id, "close", form, alerts.close, done="The alert is closed.", then="dashboard:board"
    )


def _move(
    request: StaffRequest,
    alert_id: UUID,
    name: str,
    form: Move,
    operation: Callable[..., Any],
    *,
    done: str,
    then: str = "",
    even_if_changed: bool = False,
) -> HttpResponse:
    """One move: form, state as it was seen, operation. Whatever refuses it, what was typed stays in the form; once it
    is done, the page says so to the draft of it (drafts.js)."""
    again = partial(whole_alert, request, alert_id, typed=form)
    if not form.is_valid():
        return again(status=422)
    try:
        with transaction.atomic():
            if not even_if_changed:
                _must_stand(request, alert_id, form.cleaned_data["seen"], name=name)
            operation(alert_id=alert_id, by=request.user, now=clock.now(), **form.words())
    except alerts.NotAllowed as refusal:
        return again(refusal=refusal.message, status=409)
    messages.success(request, done, extra_tags=f"alert/{alert_id}/{name}")
    return HttpResponseRedirect(reverse(then) if then else _page(alert_id), status=303)


def _must_stand(request: StaffRequest, alert_id: UUID, seen: str, *, name: str) -> None:
    """Raises NotAllowed when a colleague has acted on it since the page was shown. It is held, so that none comes in
    between; not where one call is recorded with several, which are locked in an order of their own."""
    if name != "contact":
        alerts.hold(alert_id, request.user)
    changed = states.changed_since(request.user, alert_id, seen, clock.now())
    if not changed and name == "ask":
        changed = states.asked_since(request.user, alert_id, seen, clock.now())
    if changed:
        raise alerts.NotAllowed(changed)


def _origin(name: str, alert_id: UUID) -> tuple[bool, UUID]:
    """Whether it was the board; and else which alert's page."""
    try:
        return name == "board", UUID(name)
    except ValueError:
        return name == "board", alert_id


def _told(request: StaffRequest, alert_id: UUID, message: str, *, on_board: bool) -> HttpResponse:
    """Somebody else was first: the list or page as it is now, with their name."""
    if not on_board:
        return whole_alert(request, alert_id, refusal=message, status=409)
    if request.htmx:
        return list_of(request, notice=message, status=409)
    return whole_board(request, notice=message, status=409)


def _page(alert_id: UUID) -> str:
    return reverse("dashboard:alert", args=[alert_id])
