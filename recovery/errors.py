"""Refusals: an operation says no, why, and what to do instead."""

from typing import Any


class Refused(Exception):
    """An operation refuses. `code` is stable and decides what a program does; `message` is for a person."""

    code = "refused"
    message = "This cannot be done."

    def __init__(self, message: str | None = None, **extra: Any) -> None:
        self.message = message or type(self).message
        self.extra = extra
        super().__init__(f"{self.code}: {self.message}")
