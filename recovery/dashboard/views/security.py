"""One's own account: the second factor, recovery codes, and the browsers in which one is signed in."""

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recovery import clock, sealing, second_factor, sessions
from recovery.dashboard import ceremony
from recovery.dashboard.accounts import tell
from recovery.dashboard.charts.qr import qr
from recovery.dashboard.door import StaffRequest, said_who_lately, staff_page, with_password_alone
from recovery.dashboard.forms.second_factor import SetUpForm
from recovery.dashboard.screens import security as screen

NEW_SECRET = "new_second_factor"
REPLACED = "Your authenticator app was replaced, and your recovery codes are new."
ADDED = "An authenticator app was added with which you can sign in, and your recovery codes are new."


@staff_page
@require_safe
def security(request: StaffRequest) -> HttpResponse:
    page = screen.show(request.user, request.session.session_key or "", clock.real())
    context = {"page": page, "passkeys_work": ceremony.is_offered()}
    return render(request, "dashboard/pages/security.html", context)


def sets_up(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page that sets a second factor up. Of whoever has none yet: right after the password. To add to one or to
    replace it, both are asked for."""

    @with_password_alone
    @staff_page
    @wraps(view)
    def door(request: StaffRequest) -> HttpResponse:
        if not second_factor.is_set_up(request.user):
            return view(request)
        if not sessions.is_whole(request.session):
            return sign_in_again(request)
        return said_who_lately(view)(request)

    return door


def sign_in_again(request: StaffRequest) -> HttpResponse:
    """Their second factor was set up elsewhere meanwhile."""
    logout(request)
    return HttpResponseRedirect(reverse("account_login"))


@sets_up
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: StaffRequest) -> HttpResponse:
    sealed = request.session.get(NEW_SECRET)
    form = SetUpForm(request.POST if request.method == "POST" and sealed else None)
    if sealed and form.is_valid():
        had_both, had_app = sessions.is_whole(request.session), second_factor.app_of(request.user) is not None
        try:
            codes = second_factor.set_up(
                user=request.user,
                secret=sealing.unseal(sealed),
                code=form.cleaned_data["code"],
                with_both=had_both,
                keep=request.session.session_key,
                now=clock.real(),
            )
        except second_factor.SetUpElsewhere:
            return sign_in_again(request)
        if codes is not None:
            now_whole(request)
            if had_both:
                tell(request, request.user, REPLACED if had_app else ADDED)
            return codes_page(request, codes, "Your authenticator app is set up.")
        form.refuse()
    if request.method != "POST" or not sealed:
        sealed = request.session[NEW_SECRET] = sealing.seal(second_factor.new_secret())
    secret = sealing.unseal(sealed)
    context = {
        "form": form,
        "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
        "qr": qr(second_factor.address_of(secret, account=request.user.email, issuer=ceremony.ISSUER)),
        "has_app": second_factor.app_of(request.user) is not None,
        "is_whole": sessions.is_whole(request.session),
        "passkeys_work": ceremony.is_offered(),
        "demo_code": second_factor.code_at(secret, clock.real()) if settings.DEMO_SECOND_FACTOR else "",
    }
    return render(request, "dashboard/pages/second_factor.html", context, status=422 if form.errors else 200)


@staff_page
@require_POST
@said_who_lately
def new_codes(request: StaffRequest) -> HttpResponse:
    codes = second_factor.new_codes(user=request.user, now=clock.now())
    tell(request, request.user, "Your recovery codes were replaced by new ones.")
    return codes_page(request, codes, "Your earlier codes do not work any more.")


@staff_page
@require_POST
def end_session(request: StaffRequest, session_id: UUID) -> HttpResponse:
    ended = sessions.end(user=request.user, session_id=session_id, now=clock.now())
    messages.success(request, "Signed out there." if ended else "It was signed out already.")
    return back()


@staff_page
@require_POST
def end_other_sessions(request: StaffRequest) -> HttpResponse:
    ended = sessions.end_all(user=request.user, but=request.session.session_key, now=clock.now())
    messages.success(request, "Signed out everywhere else." if ended else "You are signed in only here.")
    return back()


def now_whole(request: StaffRequest) -> None:
    """The session gets a new name, as after each rise of what it may do."""
    request.session.cycle_key()
    request.session.pop(NEW_SECRET, None)
    request.session[sessions.SECOND_FACTOR] = str(request.user.pk)


def codes_page(request: StaffRequest, codes: list[str], said: str) -> HttpResponse:
    return render(request, "dashboard/pages/recovery_codes.html", {"codes": codes, "said": said})


def back() -> HttpResponse:
    return HttpResponseRedirect(reverse("dashboard:security"), status=303)
