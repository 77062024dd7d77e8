from django.http import HttpResponse
from rest_framework.request import Request

from recovery import clock
from recovery.api.documents import AlertList
from recovery.api.loop import own_alerts
from recovery.api.openapi import FOR_PHONES, described
from recovery.api.views.base import PhoneView, answer


class Alerts(PhoneView):
    """What the care team was told of this patient, who has seen it, and by when they call."""

    @described("alerts", "What became of it", answers={200: AlertList}, refuses=FOR_PHONES)
    def get(self, request: Request) -> HttpResponse:
        return answer(AlertList(alerts=own_alerts(self.device.episode, now=clock.now())))
