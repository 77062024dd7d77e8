"""Who helps the patient, and which phones report: granted, scoped, revoked and signed out on the patient's phone."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db.models import Max
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from recovery import access, caregivers, clock, devices, enrolment
from recovery.access import Shared
from recovery.api import documents, examples, parsing
from recovery.api.bodies import CaregiverBody, ScopeBody, checked
from recovery.api.documents import Complaint
from recovery.api.openapi import FOR_PHONES, FOR_REPORTS, described
from recovery.api.parsing import OTHER_BYTES
from recovery.api.problems import Problem
from recovery.api.views.base import PhoneView, answer
from recovery.models import Caregiver, DeviceToken

T = TypeVar("T")

CAREGIVER_ID = OpenApiParameter(
    "caregiver_id", OpenApiTypes.UUID, OpenApiParameter.PATH, description="As listed under `/me/caregivers`"
)
DEVICE_ID = OpenApiParameter(
    "device_id", OpenApiTypes.UUID, OpenApiParameter.PATH, description="As listed under `/me/phones`"
)
FIELDS = {"wording": "agreed_to"}
"""What fields are called here, where another name is used inside."""
STORED = {"name": "helps_already"}
"""The complaint, where what is stored decides and not what was sent."""


class MyCaregivers(PhoneView):
    @described(
        "caregivers",
        "Who helps the patient, and the words to agree to",
        answers={200: documents.CaregiverList},
        refuses=(*FOR_PHONES, "not_shared"),
    )
    def get(self, request: Request) -> HttpResponse:
        rows = access.caregivers_of_patient(self.device).order_by("granted_at", "pk")
        agreement = documents.Agreement(
            version=caregivers.WORDING,
            report=caregivers.agreement(Caregiver.Scope.REPORT, "{name}"),
            read=caregivers.agreement(Caregiver.Scope.READ, "{name}"),
        )
        listed = tuple(map(_caregiver, rows))
        return answer(documents.CaregiverList(caregivers=listed, most=caregivers.MOST, agreement=agreement))

    @described(
        "let_caregiver_help",
        "Let somebody help, and get the code for their phone",
        body=CaregiverBody,
        example=examples.CAREGIVER,
        answers={201: documents.CaregiverCode},
        refuses=(*FOR_REPORTS, "not_shared", "invalid", "caregiver_refused"),
    )
    def post(self, request: Request) -> HttpResponse:
        body = checked(CaregiverBody, parsing.read(self.wire, at_most=OTHER_BYTES).document())
        now = clock.now()
        wish = caregivers.Wish(
            name=body.name,
            relation=body.relation,
            phone=body.phone,
            scope=body.scope,
            wording=body.agreed_to,
        )
        caregiver, code = _told(lambda: caregivers.grant(device=self.device, wish=wish, now=now))
        return answer(_code(caregiver, code, now), status=201)


class OneCaregiver(PhoneView):
    shared = Shared.WITH_ALL
    """A caregiver reaches themselves, to leave."""

    @described(
        "change_caregiver",
        "Change what a caregiver may read",
        parameters=[CAREGIVER_ID],
        body=ScopeBody,
        example=examples.SCOPE,
        answers={200: documents.Caregiver},
        refuses=(*FOR_REPORTS, "invalid", "not_found"),
    )
    def put(self, request: Request, caregiver_id: UUID) -> HttpResponse:
        body = checked(ScopeBody, parsing.read(self.wire, at_most=OTHER_BYTES).document())
        changed = caregivers.change_scope(
            device=self.device, caregiver_id=caregiver_id, scope=body.scope, now=clock.now()
        )
        return answer(_caregiver(changed))

    @described(
        "end_caregiver",
        "End a consent; a caregiver ends their own. Their phones are signed out",
        parameters=[CAREGIVER_ID],
        answers={204: None},
        refuses=(*FOR_PHONES, "not_found"),
    )
    def delete(self, request: Request, caregiver_id: UUID) -> HttpResponse:
        caregivers.revoke(device=self.device, caregiver_id=caregiver_id, now=clock.now())
        return HttpResponse(status=204)


class CaregiverCode(PhoneView):
    @described(
        "new_caregiver_code",
        "Make a new code for a caregiver's phone; the one before works no more",
        parameters=[CAREGIVER_ID],
        answers={201: documents.CaregiverCode},
        refuses=(*FOR_PHONES, "not_shared", "not_found", "caregiver_refused"),
    )
    def post(self, request: Request, caregiver_id: UUID) -> HttpResponse:
        now = clock.now()
        code = _told(lambda: caregivers.new_code(device=self.device, caregiver_id=caregiver_id, now=now))
        caregiver = access.caregivers_of_patient(self.device).get(uuid=caregiver_id)
        return answer(_code(caregiver, code, now), status=201)


class MyPhones(PhoneView):
    """Those that may report: all of the recovery for the patient, a caregiver's own for a caregiver."""

    shared = Shared.WITH_ALL

    @described("phones", "The phones that may report", answers={200: documents.PhoneList}, refuses=FOR_PHONES)
    def get(self, request: Request) -> HttpResponse:
        rows = list(
            access.phones_seen_by(self.device).select_related("caregiver").order_by("created_at", "pk")
        )
        sent = access.reports_of_anybody(self.device).filter(device__in=rows).values("device")
        reported_at = dict(sent.annotate(at=Max("received_at")).values_list("device", "at"))
        phones = tuple(self._phone(row, reported_at.get(row.pk)) for row in rows)
        return answer(documents.PhoneList(phones=phones))

    def _phone(self, row: DeviceToken, reported_at: datetime | None) -> documents.PhoneDocument:
        return documents.PhoneDocument(
            id=row.uuid,
            name=row.name,
            platform=row.platform,
            joined_at=row.created_at,
            last_report_at=reported_at,
            caregiver=row.caregiver.name if row.caregiver else None,
            is_this_one=row.pk == self.device.pk,
        )


class OnePhone(PhoneView):
    shared = Shared.WITH_ALL

    @described(
        "sign_out_phone",
        "Sign a phone out: its token ends",
        parameters=[DEVICE_ID],
        answers={204: None},
        refuses=(*FOR_PHONES, "not_found"),
    )
    def delete(self, request: Request, device_id: UUID) -> HttpResponse:
        devices.revoke_on_phone(device=self.device, device_id=device_id, now=clock.now())
        return HttpResponse(status=204)


def _caregiver(row: Caregiver) -> documents.Caregiver:
    return documents.Caregiver(
        id=row.uuid,
        name=row.name,
        scope=row.scope,
        relation=row.relation,
        phone=row.phone,
        since=row.granted_at,
        granted_by="patient" if row.granted_by_id is None else "care_team",
    )


def _code(caregiver: Caregiver, code: str, now: datetime) -> documents.CaregiverCode:
    return documents.CaregiverCode(
        caregiver=_caregiver(caregiver), code=code, expires_at=now + enrolment.CODE_LIFE
    )


def _told(operation: Callable[[], T]) -> T:
    """What it returns. What it refuses for one field is told as any other field that does not fit."""
    try:
        return operation()
    except caregivers.CaregiverRefused as refused:
        if field := refused.extra.get("field"):
            complaint = Complaint(
                place=FIELDS.get(field, field),
                code=STORED.get(field, "invalid_value"),
                detail=refused.message,
            )
            raise Problem("invalid", [complaint]) from None
        raise
