"""Bytes that are sealed in the database and plain to the program."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from recovery import sealing

MARK = b"sealed:"
LOST = b"(This was sealed under a key that the service does not have any more: see docs/security.md.)"


class SealedBytesField(models.BinaryField):
    """Sealed when written, unsealed when read. What was stored before there were seals is read as it stands.

    Never to be searched for: the same bytes are sealed differently each time.
    """

    def deconstruct(self) -> Any:
        """To the database it is a column of bytes like any other, so migrations need not know."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.BinaryField", args, kwargs

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        sealed = None if value is None else MARK + sealing.seal_bytes(bytes(value))
        return super().get_db_prep_save(sealed, connection)

    def from_db_value(self, value: Any, *_: object) -> bytes | None:
        if value is None:
            return None
        stored = bytes(value)
        if not stored.startswith(MARK):
            return stored
        try:
            return sealing.unseal_bytes(stored.removeprefix(MARK))
        except sealing.CannotUnseal:
            return LOST
