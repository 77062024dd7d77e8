from django.http import HttpResponse
from rest_framework.request import Request

from recovery import clock
from recovery.access import Shared
from recovery.api.documents import AlertList
from recovery.api.loop import own_alerts
from recovery.api.openapi import FOR_PHONES, described
from recovery.api.views.base import PhoneView, answer


class Alerts(PhoneView):
    """What the care team was told of this patient, who has seen it, and by when they call."""

    shared = Shared.WITH_READERS

    @described("alerts", "What became of it", answers={200: AlertList}, refuses=(*FOR_PHONES, "not_shared"))
    def get(self, request: Request) -> HttpResponse:
        return answer(AlertList(alerts=own_alerts(self.device.episode, now=clock.now())))
