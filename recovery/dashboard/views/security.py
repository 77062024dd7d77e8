"""One's own account: the second factor, recovery codes, and the browsers in which one is signed in."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recovery import clock, sealing, second_factor, sessions
from recovery.dashboard.accounts import tell
from recovery.dashboard.charts.qr import qr
from recovery.dashboard.door import StaffRequest, said_who_lately, staff_page, with_password_alone
from recovery.dashboard.forms.second_factor import SetUpForm
from recovery.dashboard.screens import security as screen

NEW_SECRET = "new_second_factor"
ISSUER = "Recovery check-ins"


@staff_page
@require_safe
def security(request: StaffRequest) -> HttpResponse:
    page = screen.show(request.user, request.session.session_key or "", clock.real())
    return render(request, "dashboard/pages/security.html", {"page": page})


@with_password_alone
@staff_page
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: StaffRequest) -> HttpResponse:
    """Of whoever has none yet: right after the password. To replace one both are asked for."""
    if not second_factor.has_app(request.user):
        return _set_up(request)
    if not sessions.is_whole(request.session):  # it was set up elsewhere meanwhile
        logout(request)
        return HttpResponseRedirect(reverse("account_login"))
    return _replace(request)


@said_who_lately
def _replace(request: StaffRequest) -> HttpResponse:
    return _set_up(request)


def _set_up(request: StaffRequest) -> HttpResponse:
    sealed = request.session.get(NEW_SECRET)
    form = SetUpForm(request.POST if request.method == "POST" and sealed else None)
    if sealed and form.is_valid():
        replaces = second_factor.has_app(request.user)
        codes = second_factor.set_up(
            user=request.user,
            secret=sealing.unseal(sealed),
            code=form.cleaned_data["code"],
            keep=request.session.session_key,
            now=clock.real(),
        )
        if codes is not None:
            _now_whole(request)
            if replaces:
                tell(
                    request, request.user, "Your second factor was replaced, and your recovery codes are new."
                )
            return _codes_page(request, codes, "Your second factor is set up.")
        form.refuse()
    if request.method != "POST" or not sealed:
        sealed = request.session[NEW_SECRET] = sealing.seal(second_factor.new_secret())
    secret = sealing.unseal(sealed)
    context = {
        "form": form,
        "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        "qr": qr(second_factor.address_of(secret, account=request.user.email, issuer=ISSUER)),
        "is_whole": sessions.is_whole(request.session),
        "demo_code": second_factor.code_at(secret, clock.real()) if settings.DEMO_SECOND_FACTOR else "",
    }
    return render(request, "dashboard/pages/second_factor.html", context, status=422 if form.errors else 200)


@staff_page
@require_POST
@said_who_lately
def new_codes(request: StaffRequest) -> HttpResponse:
    codes = second_factor.new_codes(user=request.user, now=clock.now())
    tell(request, request.user, "Your recovery codes were replaced by new ones.")
    return _codes_page(request, codes, "Your earlier codes do not work any more.")


@staff_page
@require_POST
def end_session(request: StaffRequest, session_id: UUID) -> HttpResponse:
    ended = sessions.end(user=request.user, session_id=session_id, now=clock.now())
    messages.success(request, "Signed out there." if ended else "It was signed out already.")
    return _back()


@staff_page
@require_POST
def end_other_sessions(request: StaffRequest) -> HttpResponse:
    ended = sessions.end_all(user=request.user, but=request.session.session_key, now=clock.now())
    messages.success(request, "Signed out everywhere else." if ended else "You are signed in only here.")
    return _back()


def _now_whole(request: StaffRequest) -> None:
    """The session gets a new name, as after each rise of what it may do."""
    request.session.cycle_key()
    request.session.pop(NEW_SECRET, None)
    request.session[sessions.SECOND_FACTOR] = str(request.user.pk)


def _codes_page(request: StaffRequest, codes: list[str], said: str) -> HttpResponse:
    return render(request, "dashboard/pages/recovery_codes.html", {"codes": codes, "said": said})


def _back() -> HttpResponse:
    return HttpResponseRedirect(reverse("dashboard:security"), status=303)
