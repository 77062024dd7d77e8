"""What a phone may send. Strict: no field more, no number as text, nothing taken for what it is not."""

from functools import cache, reduce
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    create_model,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from recovery import caregivers, enrolment
from recovery.api.documents import Complaint
from recovery.api.fields import (
    NAME,
    ONE_LINE,
    PHONE,
    ClientId,
    Instant,
    OrWrittenWithAPoint,
    ShortText,
    TimeOfDay,
)
from recovery.api.parsing import below
from recovery.api.problems import Problem
from recovery.clinical import protocol as protocols
from recovery.clinical.answers import answers_model
from recovery.submissions import Submission

MOST_IN_A_BATCH = 100
MOST_COMPLAINTS = 50

CODES = {
    "missing": "missing",
    "extra_forbidden": "unknown_field",
    "literal_error": "unknown_code",
    "enum": "unknown_code",
    "string_too_long": "too_long",
    "string_too_short": "too_short",
    "too_long": "too_long",
    "too_short": "too_short",
    "value_error": "invalid_value",
    "greater_than": "out_of_range",
    "greater_than_equal": "out_of_range",
    "less_than": "out_of_range",
    "less_than_equal": "out_of_range",
}
"""pydantic's names of what can be wrong, and ours. Types of the form `..._type` are `wrong_type`."""

WORDS = {"missing": "This field is needed.", "unknown_field": "There is no such field."}


B = TypeVar("B", bound="Body")


def _phone_or_none(written: str) -> str:
    return enrolment.phone_of(written) if written.strip() else ""


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Report(Body):
    """What every report has. `answers` is refined by the protocol's questionnaire."""

    observed_at: Instant = Field(description="When it was felt")
    sent_at: Instant = Field(description="When it was sent, by the same clock")
    status: Literal["in-progress", "completed"]
    answered_by: Literal["patient", "carer"] = Field(
        description="From a caregiver's own phone it is that caregiver who answers, whatever stands here"
    )
    app_version: ShortText
    answers: Any

    @property
    def given(self) -> dict[str, Any]:
        return dict(self.answers.model_dump(exclude_none=True))

    def submission(self, client_id: UUID, *, caregiver: int | None) -> Submission:
        """A caregiver's phone answers as that caregiver: whoever holds it cannot say that it was the patient."""
        return Submission(
            client_id=client_id,
            observed_at=self.observed_at,
            sent_at=self.sent_at,
            completed=self.status == "completed",
            answered_by=self.answered_by if caregiver is None else "carer",
            caregiver=caregiver,
            app_version=self.app_version,
            answers=self.given,
        )


class CheckInBody(Report):
    id: ClientId = Field(
        description="Made on the phone when the report is begun, and kept over every re-send"
    )


class CorrectionBody(Report):
    id: ClientId | None = Field(None, description="May be repeated from the path")
    base_revision: Annotated[int, Field(ge=1, le=32_000), OrWrittenWithAPoint] = Field(
        description="The revision that is corrected"
    )


class BatchBody(Body):
    check_ins: Annotated[list[Any], Field(min_length=1)]


class NewDevice(Body):
    name: Annotated[str, Field(min_length=1, max_length=100)]
    platform: ShortText


class RedeemBody(Body):
    code: ShortText = Field(description="As printed; case, blanks and dashes are forgiven")
    device: NewDevice


class PreferencesBody(Body):
    """How the patient wishes to be reminded. Times of day are those where the patient is."""

    channel: Literal["none", "app", "email", "sms"] = Field(
        description="`app`: the app asks for what is due, and shows it"
    )
    address: Annotated[str, Field(max_length=254, pattern="^[ -~]*$")] | None = Field(
        None, description="For `email` and `sms` (with country code). Left out: the one that is known stays"
    )
    remind_at: TimeOfDay = Field(description="Outside the quiet hours")
    repeats: Annotated[int, Field(ge=0, le=2), OrWrittenWithAPoint] = Field(
        description="How often again while nobody answers"
    )
    quiet_from: TimeOfDay
    quiet_until: TimeOfDay = Field(description="The same as `quiet_from`: no quiet hours")


class ReminderReceiptBody(Body):
    shown_at: Instant = Field(description="When the phone showed it, by its own clock")
    opened_at: Instant | None = Field(None, description="When the patient tapped on it")


class ScopeBody(Body):
    scope: Literal["report", "read"]


class CaregiverBody(ScopeBody):
    """Whom the patient lets help, as the patient has just agreed."""

    name: Annotated[
        str, Field(min_length=1, max_length=200, json_schema_extra=NAME), AfterValidator(enrolment.name_of)
    ]
    relation: Annotated[
        str, Field(max_length=60, json_schema_extra=ONE_LINE), AfterValidator(enrolment.text_of)
    ] = Field("", description="In the patient's words: son, neighbour")
    phone: Annotated[str, Field(max_length=40, json_schema_extra=PHONE), AfterValidator(_phone_or_none)] = ""
    agreed_to: Annotated[ShortText, WithJsonSchema({"type": "string", "const": caregivers.WORDING})] = Field(
        description="`agreement.version` of the words that were shown"
    )


class FormOpenedBody(Body):
    opened_at: Instant = Field(description="When the patient began to answer, by the phone's clock")


def has_an_answer(answers: BaseModel) -> BaseModel:
    if all(answer is None for _, answer in answers):
        raise PydanticCustomError("no_answers", "Give at least one answer.")
    return answers


def _answers(version: str) -> Any:
    return Annotated[answers_model(protocols.get(version)), AfterValidator(has_an_answer)]


@cache
def check_in_body(version: str) -> type[CheckInBody]:
    """The check-in of one protocol version, with its questionnaire's codes in `answers`."""
    return create_model("CheckInBodyRequest", __base__=CheckInBody, answers=(_answers(version), ...))


@cache
def correction_body(version: str) -> type[CorrectionBody]:
    return create_model("CorrectionBodyRequest", __base__=CorrectionBody, answers=(_answers(version), ...))


def checked(model: type[B], document: dict[str, Any]) -> B:
    """The body, or Problem `invalid` with every place that does not fit (the first fifty)."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise Problem("invalid", [_complaint(detail) for detail in found[:MOST_COMPLAINTS]]) from None


def _complaint(detail: ErrorDetails) -> Complaint:
    code = CODES.get(detail["type"], "wrong_type" if detail["type"].endswith("_type") else detail["type"])
    place = reduce(below, detail["loc"], "")
    return Complaint(
        place=place, code=code, detail=WORDS.get(code) or detail["msg"].removeprefix("Value error, ")
    )
