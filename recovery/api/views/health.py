"""For load balancers and process managers. Nothing about patients, nothing of the version."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from recovery.api import readiness


@never_cache
@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """The process answers. Says nothing about what it stands on: restarting it would mend none of that."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Requests may be sent here: the database answers in time and is migrated. Without its broker the service is
    slower to tell the team, and still ready."""
    found = readiness.look()
    return JsonResponse(found.document(), status=200 if found.ready else 503)
