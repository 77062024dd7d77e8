"""Refusals as problem details (RFC 9457). No value that was sent stands in them, nor in the log."""

import logging
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import (
    ObjectDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from rest_framework import exceptions
from rest_framework.request import Request

from recovery.api.codes import KINDS
from recovery.api.documents import Complaint, ProblemDocument
from recovery.errors import Refused

log = logging.getLogger(__name__)

REQUEST_ID = "recovery.request_id"
"""Where the middleware leaves the request's id, in `request.META`."""


class Problem(Exception):
    """The request is refused. `errors` name the places, `members` are further fields of the document."""

    def __init__(
        self,
        code: str,
        errors: Sequence[Complaint] = (),
        *,
        detail: str = "",
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        self.code = code
        self.errors = tuple(errors)
        self.detail = detail
        self.headers = dict(headers or {})
        self.members = members
        super().__init__(code)

    @property
    def status(self) -> int:
        return KINDS[self.code].status

    @classmethod
    def of(cls, refused: Refused) -> "Problem":
        """What an operation refused. Busy and stale ones may be sent again in a second."""
        headers = {"Retry-After": "1"} if KINDS[refused.code].status == 409 else None
        return cls(refused.code, detail=refused.message, headers=headers, **refused.extra)

    @classmethod
    def unavailable(cls) -> "Problem":
        """The database does not answer, or not in time."""
        return cls("unavailable", headers={"Retry-After": "5"})

    def document(self, request_id: str) -> ProblemDocument:
        kind = KINDS[self.code]
        return ProblemDocument(
            type=f"/api/v1/problems/{self.code}",
            title=kind.title,
            status=kind.status,
            detail=self.detail or kind.detail,
            code=self.code,
            request_id=request_id,
            errors=self.errors,
            **self.members,
        )

    def response(self, request_id: str) -> HttpResponse:
        return HttpResponse(
            self.document(request_id).json_bytes(),
            status=self.status,
            content_type="application/problem+json",
            headers=self.headers,
        )


def handle(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Turn whatever a view raised into a problem document."""
    request_id = request_id_of(context["request"])
    problem = _problem_of(error)
    if problem.status >= 500:
        report(error, request_id)
    return problem.response(request_id)


def request_id_of(request: HttpRequest | Request) -> str:
    return str(request.META.get(REQUEST_ID, ""))


def _problem_of(error: Exception) -> Problem:
    match error:
        case Problem():
            return error
        case Refused() if error.code in KINDS:
            return Problem.of(error)
        case Http404() | ObjectDoesNotExist():
            return Problem("not_found")
        case exceptions.AuthenticationFailed() | exceptions.NotAuthenticated():
            code = error.detail.code if isinstance(error.detail, exceptions.ErrorDetail) else ""
            return Problem(code if code in KINDS else "not_signed_in", headers={"WWW-Authenticate": "Bearer"})
        case exceptions.MethodNotAllowed():
            return Problem("method_not_allowed")
        case exceptions.PermissionDenied() | PermissionDenied():
            return Problem("forbidden")
        case exceptions.UnsupportedMediaType():
            return Problem("unsupported_media_type")
        case RequestDataTooBig():
            return Problem("too_large")
        case UnreadablePostError():
            return Problem("cut_off")
        case exceptions.ParseError() | SuspiciousOperation():
            return Problem("bad_request")
        case OperationalError() | InterfaceError():
            return Problem.unavailable()
        case _:
            return Problem("server_error")


def report(error: Exception, request_id: str) -> None:
    """Log where it happened. Not the error's text: a database's names the row, and so the answers."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    where = " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    log.error("request %s failed: %s at %s", request_id, type(error).__name__, where)
