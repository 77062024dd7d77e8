from allauth.account import views
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse


def change(request: HttpRequest) -> HttpResponseBase:
    """Whoever never had a password cannot type the old one: the first is set like a forgotten one, by a mailed link."""
    if request.user.is_authenticated and not request.user.has_usable_password():
        return HttpResponseRedirect(reverse("account_reset_password"))
    return views.password_change(request)
