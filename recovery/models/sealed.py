"""What is sealed in the database and plain to the program: bytes, texts, and the texts inside documents.

What was stored before there were seals is read as it stands, and sealed by `manage.py reseal`. None of it is to be
searched for: the same words are sealed differently each time. To the database these are columns like any other, so
migrations need not know. A statement that bypasses the ORM calls `seal` and `as_read` itself.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from recovery import sealing
from recovery.clinical import protocol as protocols

MARK = b"sealed:"
TEXT_MARK = MARK.decode()
SEALED = "sealed"
"""In a document: the one key of the object that stands where the text was. A phone cannot send an object there."""

LOST = b"(This was sealed under a key that the service does not have any more: see docs/security.md.)"
LOST_TEXT = LOST.decode()


class SealedField(models.Field):
    """What all of them have in common. `stored` is what the database holds, `value` what the program reads."""

    plain_kind: ClassVar[str]
    stored_empty: ClassVar[str | bytes]
    """What holds nothing to seal."""

    def deconstruct(self) -> Any:
        name, _, args, kwargs = super().deconstruct()
        return name, f"django.db.models.{self.plain_kind}", args, kwargs

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        is_said_by_the_database = hasattr(value, "resolve_expression")
        sealed = value if value is None or is_said_by_the_database else self.seal(value)
        return super().get_db_prep_save(sealed, connection)

    def from_db_value(self, value: Any, *of: Any) -> Any:
        above = getattr(super(), "from_db_value", None)
        stored = value if above is None else above(value, *of)
        return None if stored is None else self.as_read(stored)

    def seal(self, value: Any) -> Any:
        raise NotImplementedError

    def as_read(self, stored: Any) -> Any:
        raise NotImplementedError

    def anew(self, stored: Any) -> Any:
        """The same under the newest key. Raises CannotUnseal."""
        raise NotImplementedError


class SealedBytesField(SealedField, models.BinaryField):
    plain_kind = "BinaryField"
    stored_empty = b""

    def seal(self, value: Any) -> bytes:
        return MARK + sealing.seal_bytes(bytes(value))

    def as_read(self, stored: Any) -> bytes:
        if not bytes(stored).startswith(MARK):
            return bytes(stored)
        try:
            return sealing.unseal_bytes(bytes(stored).removeprefix(MARK))
        except sealing.CannotUnseal:
            return LOST

    def anew(self, stored: Any) -> bytes:
        if not bytes(stored).startswith(MARK):
            return self.seal(stored)
        return MARK + sealing.sealed_anew(bytes(stored).removeprefix(MARK))


class SealedTextField(SealedField, models.TextField):
    """A text. An empty one is stored empty, so that the database can ask for one."""

    plain_kind = "TextField"
    stored_empty = ""

    def seal(self, value: Any) -> str:
        return TEXT_MARK + sealing.seal(str(value)) if value else ""

    def as_read(self, stored: str) -> str:
        return _unsealed(stored.removeprefix(TEXT_MARK)) if stored.startswith(TEXT_MARK) else stored

    def anew(self, stored: str) -> str:
        if not stored.startswith(TEXT_MARK):
            return self.seal(stored)
        return TEXT_MARK + sealing.sealed_anew(stored.removeprefix(TEXT_MARK).encode()).decode()


class SealedPartsField(SealedField, models.JSONField):
    """A document that the database looks into: what somebody said in it is sealed, each member in its place, and the
    rest is plain. What is empty stays so."""

    plain_kind = "JSONField"
    stored_empty = "{}"

    def is_sealed(self, name: str, part: Any) -> bool:
        """Whether this member is somebody's own words, or tells of a patient."""
        raise NotImplementedError

    def seal(self, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {name: self._seal_part(name, part) for name, part in value.items()}

    def as_read(self, stored: Any) -> Any:
        if _stands_sealed(stored):  # one part was asked for, by its name
            return _part(stored)
        if not isinstance(stored, Mapping):
            return stored
        return {name: _part(part) if _stands_sealed(part) else part for name, part in stored.items()}

    def anew(self, stored: Any) -> Any:
        if not isinstance(stored, Mapping):
            return stored
        return {name: self._part_anew(name, part) for name, part in stored.items()}

    def _seal_part(self, name: str, part: Any) -> Any:
        return {SEALED: sealing.seal(json.dumps(part))} if part and self.is_sealed(name, part) else part

    def _part_anew(self, name: str, part: Any) -> Any:
        if not _stands_sealed(part):
            return self._seal_part(name, part)
        return {SEALED: sealing.sealed_anew(part[SEALED].encode()).decode()}


class AnswersField(SealedPartsField):
    """Answers of a check-in: what the patient wrote is sealed; codes, numbers and readings are constrained and charted
    by the database."""

    def is_sealed(self, name: str, part: Any) -> bool:
        return name in _texts_of_questionnaires() and isinstance(part, str)


class EventDetailField(SealedPartsField):
    """What belongs to an event of an alert. Texts are sealed unless they are known to be words of the program."""

    OPEN = frozenset("at by_policy by_what channel due error from noise outcome step to until why".split())

    def is_sealed(self, name: str, part: Any) -> bool:
        return isinstance(part, str) and name not in self.OPEN


class BeforeField(SealedPartsField):
    """What stood there before a change: all but the public id of a phone, by which its last event is found."""

    OPEN = frozenset({"phone"})

    def is_sealed(self, name: str, part: Any) -> bool:
        return not (name in self.OPEN and _is_uuid(part))

    def as_read(self, stored: Any) -> Any:
        """Without what cannot be read: a date or a list is expected there, not a sentence."""
        read = super().as_read(stored)
        return (
            {name: part for name, part in read.items() if part != LOST_TEXT}
            if isinstance(read, dict)
            else read
        )


@cache
def _texts_of_questionnaires() -> frozenset[str]:
    """Of every version that there is: old check-ins stay under the one they were written to."""
    items = (item for each in protocols.every() for item in each.questionnaire.items.values())
    return frozenset(item.link_id for item in items if item.kind == "text")


def _stands_sealed(part: Any) -> bool:
    return isinstance(part, Mapping) and len(part) == 1 and isinstance(part.get(SEALED), str)


def _part(stored: Mapping[str, str]) -> Any:
    try:
        return json.loads(sealing.unseal(stored[SEALED]))
    except sealing.CannotUnseal:
        return LOST_TEXT


def _unsealed(sealed: str) -> str:
    try:
        return sealing.unseal(sealed)
    except sealing.CannotUnseal:
        return LOST_TEXT


def _is_uuid(part: Any) -> bool:
    try:
        return isinstance(part, str) and str(UUID(part)) == part
    except ValueError:
        return False
