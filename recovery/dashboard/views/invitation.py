"""Whoever was invited follows the link in their mail: an account, a password, and on to signing in.

What stands in the link goes into the session and out of the address, where it would be kept and passed on.
"""

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from recovery import clock, staff, tenancy
from recovery.dashboard.door import kept_by_nobody
from recovery.dashboard.forms.team import PasswordForm

TOKEN = "invitation"


@require_safe
def follow(request: HttpRequest, token: str) -> HttpResponse:
    request.session[TOKEN] = token
    return kept_by_nobody(HttpResponseRedirect(reverse("account_join")))


@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    token, now = request.session.get(TOKEN, ""), clock.now()
    tenancy.enter(staff.reach_of(token))
    try:
        invitation = staff.invitation_of(token, now)
        needs_password = staff.needs_password(invitation)
        sent = request.POST if request.method == "POST" and needs_password else None
        form = PasswordForm(sent, invitation=invitation) if needs_password else None
        if request.method == "POST" and (form is None or form.is_valid()):
            staff.accept(token=token, password=form.cleaned_data["password1"] if form else None, now=now)
            return _joined(request)
    except staff.StaffRefused as refused:
        page = render(request, "account/invitation_used.html", {"refusal": refused.message}, status=410)
        return kept_by_nobody(page)
    context = {"invitation": invitation, "form": form}
    status = 422 if form is not None and form.errors else 200
    return kept_by_nobody(render(request, "account/invitation.html", context, status=status))


def _joined(request: HttpRequest) -> HttpResponse:
    """Whoever else was signed in at this desk is not the one who goes on."""
    logout(request)
    messages.success(request, "You have joined. Sign in to begin.")
    return kept_by_nobody(HttpResponseRedirect(reverse("account_login"), status=303))
