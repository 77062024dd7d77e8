"""How I am told: a colleague's own contacts. Each form works without JavaScript, is one operation, and leads back."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recovery import access, clock, contacts
from recovery.contacts import ContactRefused
from recovery.dashboard.door import StaffRequest, said_who_lately, staff_page
from recovery.dashboard.forms.my_contacts import AddForm, CodeForm
from recovery.dashboard.screens import my_contacts as screen
from recovery.models import Contact


@staff_page
@require_safe
def my_contacts(request: StaffRequest) -> HttpResponse:
    return _page(request)


@staff_page
@require_POST
@said_who_lately
def add(request: StaffRequest) -> HttpResponse:
    """A new contact, and the code that verifies it. The secret of a webhook is shown on this page and never again."""
    user, now, shown = request.user, clock.now(), screen.show(request.user, clock.now())
    form = _add_form(shown, request)
    if form is None or not form.is_valid():
        return _page(request, add_form=form, status=422)
    given: dict[str, Any] = {"user": user, "clinic": form.clinic, "now": now, "by": user}
    address, secret = form.cleaned_data["address"], ""
    try:
        match form.cleaned_data["channel"]:
            case Contact.Channel.EMAIL:
                contact = contacts.add_email(address=address, **given)
            case Contact.Channel.SMS:
                contact = contacts.add_sms(number=address, **given)
            case _:
                contact, secret = contacts.add_webhook(url=address, **given)
    except ContactRefused as refusal:
        return _page(request, add_form=form, refusal=refusal.message, status=409)
    try:
        contacts.send_code(contact=contact, by=user, now=now)
    except ContactRefused as refusal:
        return _page(request, refusal=f"It was added, but no code was sent: {refusal.message}", status=409)
    if secret:
        return _page(request, secret=secret)
    return _back(request, "It was added. Enter the code that is being sent there.")


@staff_page
@require_POST
def send_code(request: StaffRequest, contact_id: UUID) -> HttpResponse:
    return _do(request, contact_id, contacts.send_code, "A code is being sent there.")


@staff_page
@require_POST
def send_test(request: StaffRequest, contact_id: UUID) -> HttpResponse:
    return _do(
        request, contact_id, contacts.send_test, "A test is being sent there. Answer it when it comes."
    )


@staff_page
@require_POST
@said_who_lately
def end(request: StaffRequest, contact_id: UUID) -> HttpResponse:
    return _do(request, contact_id, contacts.end, "It has ended: nothing goes there any more.")


@staff_page
@require_POST
@said_who_lately
def new_secret(request: StaffRequest, contact_id: UUID) -> HttpResponse:
    contact = access.contacts(request.user).get(uuid=contact_id)
    try:
        secret = contacts.change_secret(contact=contact, by=request.user, now=clock.now())
    except ContactRefused as refusal:
        return _page(request, refusal=refusal.message, status=409)
    return _page(request, secret=secret)


@staff_page
@require_POST
def enter_code(request: StaffRequest, contact_id: UUID) -> HttpResponse:
    contact = access.contacts(request.user).get(uuid=contact_id)
    form = CodeForm(request.POST, auto_id=f"code-{contact_id}-%s")
    if not form.is_valid():
        return _page(request, code_form=(contact_id, form), status=422)
    try:
        contacts.enter_code(contact=contact, code=form.cleaned_data["code"], by=request.user, now=clock.now())
    except ContactRefused as refusal:
        form.add_error("code", refusal.message)
        return _page(request, code_form=(contact_id, form), status=409)
    return _back(request, "That is the code: this contact works.")


@staff_page
@require_http_methods(["GET", "HEAD", "POST"])
def test(request: StaffRequest, letter_id: UUID) -> HttpResponse:
    """Where the link of a test leads. Looking at the page answers nothing: programs follow links, too."""
    sent = access.letters_to(request.user).filter(kind=contacts.TEST)
    tested = sent.select_related("contact").get(uuid=letter_id)
    shown = {"letter": tested, "contact": tested.contact}
    if request.method != "POST":
        return render(request, "dashboard/pages/my_contact_test.html", shown)
    try:
        contacts.answer_test(letter=letter_id, by=request.user, now=clock.now())
    except ContactRefused as refusal:
        return render(
            request, "dashboard/pages/my_contact_test.html", shown | {"refusal": refusal.message}, status=409
        )
    return _back(request, "Thank you: this contact works.")


def _do(request: StaffRequest, contact_id: UUID, operation: Callable[..., None], done: str) -> HttpResponse:
    contact = access.contacts(request.user).get(uuid=contact_id)
    try:
        operation(contact=contact, by=request.user, now=clock.now())
    except ContactRefused as refusal:
        return _page(request, refusal=refusal.message, status=409)
    return _back(request, done)


def _back(request: StaffRequest, done: str) -> HttpResponse:
    messages.success(request, done)
    return HttpResponseRedirect(reverse("dashboard:my-contacts"), status=303)


def _page(
    request: StaffRequest,
    *,
    add_form: AddForm | None = None,
    code_form: tuple[UUID, CodeForm] | None = None,
    refusal: str = "",
    secret: str = "",
    status: int = 200,
) -> HttpResponse:
    shown = screen.show(request.user, clock.now())
    rows = [
        (row, code_form[1] if code_form and code_form[0] == row.id else CodeForm(auto_id=f"code-{row.id}-%s"))
        for row in shown.rows
    ]
    context = {
        "screen": shown,
        "rows": rows,
        "form": add_form or _add_form(shown),
        "typed": add_form or (code_form[1] if code_form else None),
        "refusal": refusal,
        "secret": secret,
    }
    return render(request, "dashboard/pages/my_contacts.html", context, status=status)


def _add_form(shown: screen.Page, request: StaffRequest | None = None) -> AddForm | None:
    """None for somebody who works for no clinic. Who has no contact yet is offered the e-mail they sign in with."""
    if not shown.clinics:
        return None
    offered = {} if shown.rows else {"channel": Contact.Channel.EMAIL, "address": shown.sign_in_mail}
    return AddForm(
        request.POST if request else None,
        initial=offered,
        clinics=shown.clinics,
        channels=shown.channels,
        auto_id="add-%s",
    )
