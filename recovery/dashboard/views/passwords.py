from allauth.account import views
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from recovery import audit, clock


def change(request: HttpRequest) -> HttpResponseBase:
    """Whoever never had a password cannot type the old one: the first is set like a forgotten one, by a mailed link."""
    if request.user.is_authenticated and not request.user.has_usable_password():
        return HttpResponseRedirect(reverse("account_reset_password"))
    return views.password_change(request)


def ask_anew(request: HttpRequest) -> HttpResponseBase:
    """A link to set a new password is mailed, where the address is somebody's. That it was asked for is remembered in
    either case, and costs the same."""
    response = views.password_reset(request)
    if request.method == "POST" and response.status_code == 302:
        audit.record_account(
            what="asked for new password", now=clock.now(), email=request.POST.get("email", "")[:254]
        )
    return response
