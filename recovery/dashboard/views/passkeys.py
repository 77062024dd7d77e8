"""Passkeys of one's own: adding one (for a first second factor right after the password), removing one."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST

from recovery import clock, passkeys, second_factor, sessions
from recovery.dashboard import ceremony
from recovery.dashboard.accounts import tell
from recovery.dashboard.door import StaffRequest, said_who_lately, staff_page
from recovery.dashboard.forms.passkeys import NewPasskeyForm
from recovery.dashboard.views.security import back, codes_page, now_whole, sets_up, sign_in_again


@sets_up
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: StaffRequest) -> HttpResponse:
    form = NewPasskeyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        credential, counter = form.cleaned_data["credential"]
        try:
            codes = passkeys.add(
                user=request.user,
                name=form.cleaned_data["name"],
                credential=credential,
                counter=counter,
                with_both=sessions.is_whole(request.session),
                keep=request.session.session_key,
                now=clock.real(),
            )
        except second_factor.SetUpElsewhere:
            return sign_in_again(request)
        except passkeys.PasskeyRefused as refused:
            form.refuse(refused.message)
        else:
            return _added(request, codes)
    return _page(request, form)


def _added(request: StaffRequest, codes: list[str]) -> HttpResponse:
    if codes:
        now_whole(request)
        return codes_page(request, codes, "Your passkey is your second factor.")
    tell(request, request.user, "A passkey was added with which you can sign in.")
    messages.success(request, "The passkey is added.")
    return back()


def _page(request: StaffRequest, form: NewPasskeyForm) -> HttpResponse:
    works = ceremony.is_offered()
    context = {
        "form": form,
        "works": works,
        "options": ceremony.to_create(request.user) if works else "",
        "has_second_factor": second_factor.is_set_up(request.user),
        "is_whole": sessions.is_whole(request.session),
    }
    return render(request, "dashboard/pages/passkey.html", context, status=422 if form.errors else 200)


@staff_page
@require_POST
@said_who_lately
def remove(request: StaffRequest, key_id: UUID) -> HttpResponse:
    try:
        passkeys.remove(user=request.user, key_id=key_id, keep=request.session.session_key, now=clock.real())
    except passkeys.PasskeyRefused as refused:
        messages.error(request, refused.message)
        return back()
    tell(request, request.user, "A passkey was removed: nobody can sign in with it any more.")
    messages.success(request, "The passkey is removed, and you are signed out everywhere else.")
    return back()
