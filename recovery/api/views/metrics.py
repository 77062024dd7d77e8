"""Numbers for those who run the service. Only for who holds METRICS_TOKEN: for anybody else there is no such page."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache

from recovery import clock, owed


@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """What is owed and how the service stands, as it is stored at this instant."""
    given = request.headers.get("Authorization", "")
    if not settings.METRICS_TOKEN or not constant_time_compare(given, f"Bearer {settings.METRICS_TOKEN}"):
        raise Http404
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    return HttpResponse(owed.text(now=clock.now()), content_type=owed.CONTENT_TYPE)
