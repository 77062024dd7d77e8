from django.http import HttpResponse
from rest_framework.request import Request

from recovery import clock, enrolment, tenancy
from recovery.api import examples, parsing
from recovery.api.bodies import RedeemBody, checked
from recovery.api.codes import ENROLMENT, OURS, UNREADABLE
from recovery.api.documents import DeviceDocument, Enrolled
from recovery.api.openapi import described
from recovery.api.patients import episode_document, holder_document, patient_document
from recovery.api.views.base import OpenView, answer


class Redeem(OpenView):
    @described(
        "redeem",
        "Exchange a one-time code for a device token",
        body=RedeemBody,
        example=examples.REDEEM,
        answers={201: Enrolled},
        refuses=(*UNREADABLE, "invalid", *ENROLMENT, "unknown_parameter", *OURS),
    )
    def post(self, request: Request) -> HttpResponse:
        body = checked(RedeemBody, parsing.read(self.wire, at_most=parsing.OTHER_BYTES).document())
        tenancy.enter(enrolment.reach_of(body.code))
        device, token = enrolment.redeem(
            code=body.code, device_name=body.device.name, platform=body.device.platform, now=clock.now()
        )
        enrolled = Enrolled(
            device_token=token,
            device=DeviceDocument(id=device.uuid, name=device.name),
            patient=patient_document(device.patient),
            caregiver=holder_document(device),
            episode=episode_document(device.episode),
        )
        return answer(enrolled, status=201)
