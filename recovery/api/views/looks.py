import re
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from recovery import audit, clock
from recovery.api import documents
from recovery.api.cursors import MOST, USUAL, bad_cursor, page_size
from recovery.api.documents import Complaint
from recovery.api.openapi import FOR_PHONES, described
from recovery.api.problems import Problem
from recovery.api.views.base import PhoneView, answer

CURSOR_PATTERN = "[0-9]{15,16}_[0-9a-f]{0,32}"
"""When the last look was, in microseconds since 1970, and the id of its request."""
BY = ("team", "phones")

_CURSOR = re.compile(CURSOR_PATTERN)
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


class Looks(PhoneView):
    """Who looked at this recovery: the care team, or the patient's own phones."""

    parameters: ClassVar = frozenset({"by", "cursor", "limit"})

    @described(
        "looks",
        "Who looked at this recovery, latest first",
        parameters=[
            OpenApiParameter(
                "by",
                {"type": "string", "enum": list(BY), "default": BY[0]},
                description="`team`: those who look after the patient; `phones`: the patient's own",
            ),
            OpenApiParameter(
                "cursor",
                {"type": "string", "pattern": f"^{CURSOR_PATTERN}$"},
                description="`next_cursor` of the page before",
            ),
            OpenApiParameter("limit", {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}),
        ],
        answers={200: documents.LookPage},
        refuses=(*FOR_PHONES, "not_shared"),
    )
    def get(self, request: Request) -> HttpResponse:
        by, size = request.GET.get("by", BY[0]), page_size(request.GET.get("limit"))
        if by not in BY:
            raise Problem(
                "bad_parameter",
                [Complaint(place="query.by", code="bad_parameter", detail=f"Send one of {', '.join(BY)}.")],
            )
        found = audit.looks_at(
            self.device.episode,
            own=by == "phones",
            before=_place(request.GET.get("cursor")),
            limit=size + 1,
            now=clock.now(),
        )
        page = found[:size]
        return answer(
            documents.LookPage(
                looks=tuple(map(_document, page)),
                next_cursor=_cursor_after(page[-1]) if len(found) > size else None,
            )
        )


def _document(look: audit.Look) -> documents.Look:
    return documents.Look(
        at=look.at,
        what=look.what,
        role=look.role or None,
        team=look.team or None,
        name=look.name or None,
        phone=None
        if look.phone is None
        else documents.LookingPhone(id=look.phone, name=look.phone_name, caregiver=look.caregiver or None),
    )


def _cursor_after(look: audit.Look) -> str:
    return f"{(look.at - _EPOCH) // _MICROSECOND}_{look.request_id}"


def _place(cursor: str | None) -> tuple[datetime, str] | None:
    if cursor is None:
        return None
    if not _CURSOR.fullmatch(cursor):
        raise bad_cursor()
    microseconds, _, request_id = cursor.partition("_")
    return _EPOCH + int(microseconds) * _MICROSECOND, request_id
