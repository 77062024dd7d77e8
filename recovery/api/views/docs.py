from functools import cache

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from recovery.api.codes import KINDS
from recovery.api.documents import ProblemKind
from recovery.api.openapi import described
from recovery.api.views.base import OpenView, answer


class Schema(OpenView):
    """This API in OpenAPI 3.1."""

    schema = None

    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(_schema(), content_type="application/json")


class ProblemKinds(OpenView):
    """What a problem document's `type` leads to."""

    @described(
        "explain_code",
        "What a code means",
        parameters=[OpenApiParameter("code", str, OpenApiParameter.PATH, enum=sorted(KINDS))],
        answers={200: ProblemKind},
        refuses=("not_found",),
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        if code not in KINDS:
            raise Http404
        return answer(ProblemKind(code=code, **KINDS[code]._asdict()))


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """The same to read and to try."""
    return render(request, "api/docs.html")


@cache
def _schema() -> bytes:
    schema = SchemaGenerator().get_schema(public=True)
    return bytes(OpenApiJsonRenderer().render(schema, renderer_context={}))
