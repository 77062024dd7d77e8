from typing import ClassVar, NoReturn
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpResponse
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import AuthenticationFailed, ErrorDetail
from rest_framework.request import Request

from recovery import access, checkins, clock
from recovery.access import Shared
from recovery.api import batches, documents, examples, receipts
from recovery.api.authentication import token_of
from recovery.api.bodies import BatchBody, CheckInBody, CorrectionBody
from recovery.api.codes import UNFIT
from recovery.api.cursors import CURSOR_PATTERN, MOST, USUAL, page_after, page_size
from recovery.api.openapi import CLIENT_ID, FOR_PHONES, FOR_REPORTS, described
from recovery.api.parsing import BATCH_BYTES, CHECK_IN_BYTES, Body, read
from recovery.api.problems import Problem
from recovery.api.reception import Answer, Reception, found_in
from recovery.api.views.base import PhoneView, answer
from recovery.models import CheckIn

PAGE = [
    OpenApiParameter(
        "cursor",
        {"type": "string", "pattern": f"^{CURSOR_PATTERN}$"},
        description="`next_cursor` of the page before",
    ),
    OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}),
]
WITH_ITS_ID = ("get_check_in", "correct_check_in", "withdraw_check_in")


class ReportView(PhoneView):
    """A door through which reports come. One with a query is refused like any other: when it has been read."""

    shared = Shared.WITH_ALL

    most_bytes: ClassVar = CHECK_IN_BYTES

    def perform_authentication(self, request: Request) -> None:
        """Whatever a phone that was signed out has not sent yet is kept for the care team to read, and refused."""
        try:
            super().perform_authentication(request)
        except AuthenticationFailed as refused:
            phone = access.signed_out_phone(token_of(self.wire)) if _is_revoked(refused) else None
            if phone is None or request.method not in {"POST", "PUT"}:
                raise
            self.turn_away(Reception(phone, clock.now(), self.request_id), request)

    def turn_away(self, reception: Reception, request: Request) -> NoReturn:
        """Raises Problem."""
        body = read(self.wire, at_most=self.most_bytes)
        problem = Problem("device_revoked", headers={"WWW-Authenticate": "Bearer"})
        if body.raw.strip() and body.refused_as != "cut_off":
            self.keep_unsent(reception, body, problem)
        raise problem

    def keep_unsent(self, reception: Reception, body: Body, problem: Problem) -> None:
        """The problem then says what to do about what was read."""
        try:
            document = body.document()
        except Problem:
            document = None
        found = found_in(body, document)
        reception.refuse(problem, body.raw, found, id_in_path=self.kwargs.get("client_id"))

    def check_parameters(self, request: Request) -> None:
        if request.method not in {"POST", "PUT"}:
            super().check_parameters(request)

    def reception(self) -> Reception:
        return Reception(self.device, clock.now(), self.request_id)

    def own(self) -> QuerySet[CheckIn]:
        """Those that the phone's holder may read, each with its verdict in `current`: two statements however many."""
        verdicts = self.device.episode.assessments.filter(is_current=True)
        rows = checkins.history(device=self.device).select_related("caregiver")
        return rows.prefetch_related(Prefetch("assessments", queryset=verdicts, to_attr="current"))

    def shown(self, row: CheckIn) -> documents.CheckIn:
        (verdict,) = row.current  # type: ignore[attr-defined]  # put there by `own`
        return receipts.check_in(row, verdict, self.device.episode)


class CheckIns(ReportView):
    parameters: ClassVar = frozenset({"cursor", "limit"})

    @described(
        "submit_check_in",
        "Send a check-in and be told what to do",
        body=CheckInBody,
        example=examples.CHECK_IN,
        answers={201: documents.Receipt, 200: documents.Receipt},
        leads_to=dict.fromkeys(WITH_ITS_ID, "$response.body#/id"),
        refuses=(*FOR_REPORTS, *set(UNFIT) - {"stale_revision"}),
    )
    def post(self, request: Request) -> HttpResponse:
        return _sent_back(self.reception().submit(read(self.wire, at_most=CHECK_IN_BYTES)))

    @described(
        "list_check_ins",
        "Own check-ins with their verdicts, latest felt first",
        parameters=PAGE,
        answers={200: documents.CheckInPage},
        refuses=FOR_PHONES,
    )
    def get(self, request: Request) -> HttpResponse:
        size = page_size(request.GET.get("limit"))
        page, next_cursor = page_after(self.own(), cursor=request.GET.get("cursor"), size=size)
        return answer(documents.CheckInPage(check_ins=tuple(map(self.shown, page)), next_cursor=next_cursor))


class OneCheckIn(ReportView):
    @described(
        "get_check_in",
        "One own check-in with its verdict",
        parameters=[CLIENT_ID],
        answers={200: documents.CheckIn},
        refuses=(*FOR_PHONES, "not_found", "withdrawn"),
    )
    def get(self, request: Request, client_id: UUID) -> HttpResponse:
        row = self.own().filter(client_id=client_id).first()
        if row is None:
            raise Http404
        if row.withdrawn_at is not None:
            raise Problem("withdrawn")
        return answer(self.shown(row))

    @described(
        "correct_check_in",
        "Correct a check-in, or send the rest of a half-finished one",
        parameters=[CLIENT_ID],
        body=CorrectionBody,
        example=examples.CORRECTION,
        answers={200: documents.Receipt},
        leads_to=dict.fromkeys(WITH_ITS_ID, "$response.body#/id"),
        refuses=(*FOR_REPORTS, *UNFIT, "not_found"),
    )
    def put(self, request: Request, client_id: UUID) -> HttpResponse:
        return _sent_back(self.reception().correct(read(self.wire, at_most=CHECK_IN_BYTES), client_id))

    @described(
        "withdraw_check_in",
        "Withdraw a check-in that was entered in error",
        parameters=[CLIENT_ID],
        answers={204: None},
        leads_to={"get_check_in": "$request.path.client_id"},
        refuses=(*FOR_PHONES, "not_found"),
    )
    def delete(self, request: Request, client_id: UUID) -> HttpResponse:
        checkins.withdraw(device=self.device, client_id=client_id, now=clock.now())
        return HttpResponse(status=204)


class Batch(ReportView):
    """Reports kept offline. Each is taken or refused by itself, in the order sent; sent again as a whole, nothing
    happens twice."""

    most_bytes = BATCH_BYTES

    def keep_unsent(self, reception: Reception, body: Body, problem: Problem) -> None:
        batches.keep_unsent(reception, body, problem)

    @described(
        "submit_batch",
        "Send check-ins kept offline",
        body=BatchBody,
        example=examples.BATCH,
        answers={200: documents.BatchResults},
        refuses=(*FOR_REPORTS, "too_many", "invalid"),
    )
    def post(self, request: Request) -> HttpResponse:
        given = batches.take(self.reception(), read(self.wire, at_most=BATCH_BYTES))
        return _sent_back(given) if isinstance(given, Answer) else answer(given)


def _is_revoked(refused: AuthenticationFailed) -> bool:
    return isinstance(refused.detail, ErrorDetail) and refused.detail.code == "device_revoked"


def _sent_back(given: Answer) -> HttpResponse:
    return answer(given.document, given.status, given.headers)
