from django.urls import URLPattern, URLResolver, include, path

from recovery.api.views import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("api/v1/", include("recovery.api.urls")),
    path("phone", include("recovery.phone.urls")),
    path("accounts/", include("recovery.dashboard.account_urls")),
    path("", include("recovery.dashboard.urls")),
]
