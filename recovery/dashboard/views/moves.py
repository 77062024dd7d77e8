"""What colleagues do to an alert: each a form that works without JavaScript, one domain call, and back."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from recovery import alerts, clock
from recovery.dashboard.door import StaffRequest, staff_page
from recovery.dashboard.forms.moves import CloseForm, ContactForm, Move, NoteForm
from recovery.dashboard.screens import alert as screen
from recovery.dashboard.views.alert import whole_alert
from recovery.dashboard.views.board import list_of, whole_board


@staff_page
@require_POST
def acknowledge(request: StaffRequest, alert_id: UUID) -> HttpResponse:
    """Take an alert on: from a row of the board (`from=board`), from its own page, or from the page of another alert of
    the same patient (`from` is that one's id). One comes back to where one was."""
    on_board, page = _origin(request.POST.get("from", ""), alert_id)
    try:
        alerts.acknowledge(alert_id=alert_id, by=request.user, now=clock.now())
    except alerts.NotAllowed as refusal:
        return _told(request, page, refusal.message, on_board=on_board)
    if request.htmx and on_board:
        return list_of(request, notice="")
    messages.success(request, "You have taken this on. Now phone the patient.")
    back = reverse("dashboard:board") + f"#alert-{alert_id}" if on_board else _page(page)
    return HttpResponseRedirect(back, status=303)


@staff_page
@require_POST
def record_contact(request: StaffRequest, alert_id: UUID) -> HttpResponse:
    form = ContactForm(request.POST, auto_id="contact-%s")
    return _move(request, alert_id, form, alerts.record_contact, done="The contact is recorded.")


@staff_page
@require_POST
def add_note(request: StaffRequest, alert_id: UUID) -> HttpResponse:
    form = NoteForm(request.POST, auto_id="note-%s")
    return _move(request, alert_id, form, alerts.add_note, done="The note is saved.", even_if_changed=True)


@staff_page
@require_POST
def close(request: StaffRequest, alert_id: UUID) -> HttpResponse:
    tier = screen.state_of(request.user, alert_id, clock.now()).row.tier
    form = CloseForm(request.POST, auto_id="close-%s", tier=tier)
    return _move(request, alert_id, form, alerts.close, done="The alert is closed.", then="dashboard:board")


def _move(
    request: StaffRequest,
    alert_id: UUID,
    form: Move,
    operation: Callable[..., Any],
    *,
    done: str,
    then: str = "",
    even_if_changed: bool = False,
) -> HttpResponse:
    """One move: form, state as it was seen, operation. Whatever refuses it, what was typed stays in the form."""
    again = partial(whole_alert, request, alert_id, typed=form)
    if not form.is_valid():
        return again(status=422)
    changed = screen.changed_since(request.user, alert_id, form.cleaned_data["seen"], clock.now())
    if changed and not even_if_changed:
        return again(refusal=changed, status=409)
    try:
        operation(alert_id=alert_id, by=request.user, now=clock.now(), **form.words())
    except alerts.NotAllowed as refusal:
        return again(refusal=refusal.message, status=409)
    messages.success(request, done)
    return HttpResponseRedirect(reverse(then) if then else _page(alert_id), status=303)


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
