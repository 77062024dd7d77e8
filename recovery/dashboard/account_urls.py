"""The pages of django-allauth that staff are offered: in (by two factors), out, and their own password. No other is
reachable. Beside them stands the way in of somebody who was invited."""

from allauth.account import views
from django.urls import path, re_path
from django.views.decorators.cache import never_cache

from recovery.dashboard.views import invitation, passwords, sign_in

urlpatterns = [
    path("login/", never_cache(views.login), name="account_login"),
    path("second-factor/", never_cache(sign_in.SecondFactor.as_view()), name="mfa_authenticate"),
    path("invitation/", invitation.join, name="account_join"),
    path("invitation/<slug:token>/", invitation.follow, name="account_invitation"),
    path("logout/", never_cache(views.logout), name="account_logout"),
    path("inactive/", never_cache(views.account_inactive), name="account_inactive"),
    path("signup/", never_cache(views.signup), name="account_signup"),  # closed: says whom to ask
    path("reauthenticate/", never_cache(views.reauthenticate), name="account_reauthenticate"),
    path("password/change/", never_cache(passwords.change), name="account_change_password"),
    path("password/reset/", never_cache(passwords.ask_anew), name="account_reset_password"),
    path("password/reset/done/", never_cache(views.password_reset_done), name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        never_cache(views.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        never_cache(views.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
]
