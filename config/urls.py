from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from recovery.api.views import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("api/v1/", include("recovery.api.urls")),
    path("accounts/", include("recovery.dashboard.account_urls")),
]
urlpatterns += [
    path(prefix, include(urls))
    for prefix, urls in (("phone", "recovery.phone.urls"), ("", "recovery.dashboard.urls"))
    if find_spec(urls.rpartition(".")[0]) and find_spec(urls)
]
