"""Rows of several tables as models, read by a prepared statement (recovery/statements.py) instead of by the ORM."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from django.db.models import Model


@runtime_checkable
class Readable(Protocol):
    """A column that the database holds otherwise than the program reads it (recovery/models/sealed.py)."""

    def as_read(self, stored: Any) -> Any: ...


Sealed = Sequence[tuple[int, Readable]]


class Joined:
    """Which columns of a row are which model's. Each is named as the statement names its table.

    A model may come with the fields that are wanted of it, its key among them; the others are read when asked for.
    `each` is how the statement writes a table whose name is {}.
    """

    def __init__(
        self, *, each: str = "{}", **models: type[Model] | tuple[type[Model], Sequence[str]]
    ) -> None:
        self._parts: list[tuple[str, type[Model], list[str], slice, Sealed]] = []
        start = 0
        for name, given in models.items():
            model, fields = given if isinstance(given, tuple) else (given, _fields(given))
            sealed = _sealed(model, list(fields))
            self._parts.append((name, model, list(fields), slice(start, start + len(fields)), sealed))
            start += len(fields)
        self.columns = ", ".join(
            f"{each.format(name)}.{field}" for name, _, fields, _, _ in self._parts for field in fields
        )
        self.width = start

    def place(self, name: str) -> int:
        """Where in a row the key of this model stands."""
        start: int = next(place.start for part, _, _, place, _ in self._parts if part == name)
        return start

    def models(self, row: Sequence[Any]) -> dict[str, Any]:
        """By name; None for a table that had no row to join. What follows the columns in `row` is not looked at."""
        return {
            name: None
            if row[place.start] is None
            else model.from_db("default", fields, _read(row[place], sealed))
            for name, model, fields, place, sealed in self._parts
        }


def _sealed(model: type[Model], fields: list[str]) -> Sealed:
    by_column = {field.attname: field for field in model._meta.concrete_fields}
    found = ((place, by_column[name]) for place, name in enumerate(fields))
    return [(place, field) for place, field in found if isinstance(field, Readable)]


def _read(values: Sequence[Any], sealed: Sealed) -> Sequence[Any]:
    if not any(values[place] for place, _ in sealed):
        return values
    opened = list(values)
    for place, field in sealed:
        opened[place] = None if values[place] is None else field.as_read(values[place])
    return opened


def _fields(model: type[Model]) -> list[str]:
    """The key first: without it there was no row."""
    key = model._meta.pk.attname
    return [key, *(field.attname for field in model._meta.concrete_fields if field.attname != key)]
