"""The API's description, drawn from the same models that read and write it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Annotated, Any, Final, TypeVar

from drf_spectacular.contrib.pydantic import PydanticExtension
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import Direction, OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from pydantic import BaseModel, Field, create_model
from pydantic.json_schema import model_json_schema

from recovery.api.bodies import (
    MOST_IN_A_BATCH,
    BatchBody,
    CheckInBody,
    CorrectionBody,
    check_in_body,
    correction_body,
)
from recovery.api.codes import KINDS, OURS, STRANGERS, UNREADABLE
from recovery.api.documents import ProblemDocument
from recovery.clinical.protocol import DEFAULT

F = TypeVar("F", bound=Callable[..., Any])
Example = Mapping[str, Any]

PROBLEM = "application/problem+json"

HEADERS = {
    "X-Request-Id": {
        "description": "Name it when you ask about a request",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    },
    "Recovery-Epoch": {
        "description": "Of which history of the database this is: with another one, send again what was taken in the "
        "last seven days",
        "schema": {"type": "string", "pattern": "^[0-9a-f]{16}$"},
    },
}
CHALLENGE = {"WWW-Authenticate": {"required": True, "schema": {"type": "string", "const": "Bearer"}}}


def _batch_body(version: str) -> type[BatchBody]:
    """A batch as it is meant, and as it is read: what is wrong in one check-in is that one's matter."""
    other: Any = Annotated[Any, Field(description="Anything else is kept, and its result says what is wrong")]
    check_ins: Any = Annotated[
        list[check_in_body(version) | other], Field(min_length=1, max_length=MOST_IN_A_BATCH)  # type: ignore[misc]
    ]
    return create_model("BatchBodyRequest", __base__=BatchBody, check_ins=(check_ins, ...))


REFINED: Final[dict[type[BaseModel], Callable[[str], type[BaseModel]]]] = {
    CheckInBody: check_in_body,
    CorrectionBody: correction_body,
    BatchBody: _batch_body,
}
"""Models whose answers come from a protocol document; described with the default one."""

FOR_PHONES = (*STRANGERS, "unknown_parameter", "bad_parameter", "uri_too_long", *OURS)
FOR_REPORTS = (*UNREADABLE, *FOR_PHONES)
LINKED: Final[dict[str, Mapping[str, str]]] = {}
"""By operation: the operations that go on from its answer, and where in it, or in the request, the id stands."""

CLIENT_ID = OpenApiParameter(
    "client_id", OpenApiTypes.UUID, OpenApiParameter.PATH, description="Made on the phone"
)


def described(
    name: str,
    summary: str,
    *,
    answers: Mapping[int, type[BaseModel] | None],
    body: type[BaseModel] | None = None,
    example: Example | None = None,
    refuses: Iterable[str] = (),
    parameters: Sequence[OpenApiParameter] = (),
    leads_to: Mapping[str, str] | None = None,
) -> Callable[[F], F]:
    """Describe one operation: what it takes, what it answers, every code it refuses with, and what can follow it."""
    LINKED[name] = leads_to or {}
    responses: dict[Any, Any] = dict(answers)
    for status, codes in groupby(sorted(set(refuses), key=_status), key=_status):
        told = "\n".join(f"* `{code}`: {KINDS[code].detail}" for code in sorted(codes))
        responses[status, PROBLEM] = OpenApiResponse(ProblemDocument, description=told)
    examples = [OpenApiExample(name, value=example, request_only=True)] if example else None
    return extend_schema(
        operation_id=name,
        summary=summary,
        description=summary,  # otherwise the view's docstring, which is for its maintainers
        request={"application/json": body} if body else None,
        responses=responses,
        parameters=list(parameters),
        examples=examples,
    )


def complete(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """What the library cannot say: headers of answers, and links from one operation to the next."""
    for operation in (operation for path in result["paths"].values() for operation in path.values()):
        for status, response in operation["responses"].items():
            response["headers"] = HEADERS | (CHALLENGE if status == "401" else {})
            if status < "300" and LINKED[operation["operationId"]]:
                response["links"] = {
                    name: {"operationId": name, "parameters": {"client_id": where}}
                    for name, where in LINKED[operation["operationId"]].items()
                }
    return result


def _status(code: str) -> int:
    return KINDS[code].status


class PydanticModels(PydanticExtension):
    """As the library's own, but a request is described as it is read, not as it would be written."""

    target_class = "pydantic.BaseModel"
    match_subclasses = True
    priority = 1

    def map_serializer(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        model = REFINED[self.target](DEFAULT) if self.target in REFINED else self.target
        request = direction == "request"
        schema = model_json_schema(
            model,
            ref_template="#/components/schemas/{model}",
            mode="validation" if request else "serialization",
        )
        if request:
            _as_read(schema)
        for name, part in schema.pop("$defs", {}).items():
            component = ResolvedComponent(name=name, type=ResolvedComponent.SCHEMA, object=name, schema=part)
            auto_schema.registry.register_on_missing(component)
        return schema


def _as_read(part: Any) -> None:
    """Say of a request what its readers ask for beyond the models: texts without U+0000, at least one answer."""
    if isinstance(part, dict):
        if part.get("type") == "string" and not part.keys() & {"enum", "const", "pattern"}:
            part["pattern"] = "^[^\\u0000]*$"
        if part.get("title") == "Answers" and "properties" in part:
            part |= {"minProperties": 1, "description": "By question. At least one is not null."}
    for member in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        _as_read(member)


class DeviceTokens(OpenApiAuthenticationExtension):
    target_class = "recovery.api.authentication.DeviceAuthentication"
    name = "deviceToken"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "The device token that redeeming a code gave",
        }
