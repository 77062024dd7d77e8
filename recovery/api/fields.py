"""Base types of what a phone sends, stricter than pydantic's own."""

import re
from datetime import UTC, datetime, time
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

UUID_PATTERN = "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"
_UUID = re.compile(UUID_PATTERN)
_NOBODYS = "|".join(f"{c}{{8}}-{c}{{4}}-{c}{{4}}-{c}{{4}}-{c}{{12}}" for c in ("0", "[Ff]"))
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_IN_RANGE = (  # as near as a pattern comes
    r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
_TIME_OF_DAY = "([01][0-9]|2[0-3]):[0-5][0-9]"
# As near as patterns come to enrolment/writing.py. Blanks of every kind are forgiven, and some control characters are
# blanks; which letters there are, no pattern knows.
_UNSEEN = r"\u0000-\u0008\u000e-\u001b\u007f-\u0084\u0086-\u009f\u202a-\u202e\u2066-\u2069\ue000-\uf8ff"
ONE_LINE = {"pattern": f"^[^{_UNSEEN}]*$"}
NAME = {
    "pattern": rf"^\s*[^\s=+@{_UNSEEN}-][^{_UNSEEN}]*$",
    "not": {"pattern": r"^[\u0000-@\[-`{-\u007f]*$"},
}
PHONE = {
    "pattern": r"^\s*((\+[\d\s()./-]|[\d()./-])[\d\s()./-]*(([xX]|[eE][xX][tT]\.?)\s*\d+\s*)?)?$",
    "not": {"pattern": r"^\s*([^\s\d]\D*(\d\D*){0,4}|\d\D*(\d\D*){0,3})$"},  # fewer than five digits
}
FIRST, END = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def client_id(value: Any) -> UUID:
    """A UUID in its one canonical spelling (either case); nil and max are nobody's. Raises PydanticCustomError."""
    if isinstance(value, str) and _UUID.fullmatch(value):
        uuid = UUID(value)
        if 0 < uuid.int < 2**128 - 1:
            return uuid
    raise PydanticCustomError("not_an_id", "Send a UUID with hyphens, made on the phone.")


def instant(value: Any) -> datetime:
    """An RFC 3339 date-time with its offset. Seconds run from 00 to 59: a leap second is refused."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise PydanticCustomError(
            "not_an_instant", "Send date, time and offset, as in 2026-03-01T08:30:00+01:00."
        )
    try:
        at = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise PydanticCustomError("not_an_instant", "There is no such date, time or offset.") from None
    if not FIRST <= at < END:
        raise PydanticCustomError("out_of_range", "The year must be from 2000 to 2099.")
    return at


def time_of_day(value: Any) -> time:
    """Hours and minutes on the patient's own clock, such as 09:30. Raises PydanticCustomError."""
    if not isinstance(value, str) or not re.fullmatch(_TIME_OF_DAY, value):
        raise PydanticCustomError("not_a_time", "Send a time of day as 09:30, from 00:00 to 23:59.")
    return time.fromisoformat(value)


def whole(value: Any) -> Any:
    """1.0 is 1 in JSON, which knows one kind of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


ClientId = Annotated[
    UUID,
    BeforeValidator(client_id),
    WithJsonSchema(
        {
            "type": "string",
            "format": "uuid",
            "pattern": f"^{UUID_PATTERN}$",
            "not": {"pattern": f"^({_NOBODYS})$"},
        }
    ),
]
Instant = Annotated[
    datetime,
    BeforeValidator(instant),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": _IN_RANGE}),
]
TimeOfDay = Annotated[
    time,
    BeforeValidator(time_of_day),
    WithJsonSchema({"type": "string", "pattern": f"^{_TIME_OF_DAY}$"}),
]
OrWrittenWithAPoint = BeforeValidator(whole)
"""For whole numbers. It stands after their bounds: of what stands after it the description knows no keyword."""

ShortText = Annotated[str, StringConstraints(min_length=1, max_length=40)]
