"""What a process keeps of what it has worked out for the board, so that it need not be worked out for each look."""

from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """At most so many values by their keys; the one that was kept first goes first. A key must tell all that the value
    depends on."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: dict[Key, Value] = {}

    def get(self, key: Key) -> Value | None:
        return self._values.get(key)

    def keep(self, key: Key, value: Value) -> Value:
        while len(self._values) >= self._most:
            self._values.pop(next(iter(self._values)))
        self._values[key] = value
        return value
