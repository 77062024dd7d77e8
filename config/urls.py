from django.urls import URLPattern, URLResolver, include, path

from recovery.api.views import health, metrics, provider

handler400 = "recovery.dashboard.views.errors.bad_request"
handler403 = "recovery.dashboard.views.errors.permission_denied"
handler404 = "recovery.dashboard.views.errors.not_found"
handler429 = "recovery.dashboard.views.errors.too_many_requests"  # allauth's: signing in is tried too often
handler500 = "recovery.dashboard.views.errors.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("provider/sms/<uuid:key>", provider.sms_status, name="sms-status"),
    path("api/v1/", include("recovery.api.urls")),
    path("phone", include("recovery.phone.urls")),
    path("accounts/", include("recovery.dashboard.account_urls")),
    path("", include("recovery.dashboard.urls")),
]
