"""A channel carries a message to a person. This is all that delivery knows of one."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from recovery.clinical.tiers import Tier


@dataclass(frozen=True, slots=True)
class Message:
    """What leaves: no health word, no name. `key` is the idempotency key, the same on every retry; `links` lead to what
    it is about, the most urgent first; `secrets` are what a webhook is signed with. `short` fits into a text message.
    `kind` says to a machine what it is; a `code` is to be entered by whoever gets it."""

    key: UUID
    to: str
    tier: Tier
    subject: str
    text: str
    short: str = ""
    links: tuple[str, ...] = ()
    secrets: tuple[str, ...] = field(default=(), repr=False)
    kind: str = "item.waiting"
    code: str = field(default="", repr=False)


Waiting = Callable[[], object]
"""Called every now and then while a provider is waited for, so that who sends can show that they still live."""


class Temporary(Exception):
    """Not sent, or uncertain; to be tried again. `code` is stored and logged: a code or a class name, never a text.

    `line_down` says that the fault lies with the provider, so that other messages would fare no better now;
    `not_before` what the provider asks us to wait.
    """

    def __init__(self, code: str, *, line_down: bool = False, not_before: timedelta = timedelta()) -> None:
        self.code = code[:100]
        self.line_down = line_down
        self.not_before = not_before
        super().__init__(self.code)


class Permanent(Exception):
    """Refused for good: this person cannot be reached on this channel."""

    def __init__(self, code: str) -> None:
        self.code = code[:100]
        super().__init__(self.code)


class Channel(Protocol):
    """A line to a provider, used by one thread. May be opened again and again; every call is bounded in time."""

    def open(self, to: str, waiting: Waiting) -> None:
        """Make ready to send to this address, or find that it still is. Raises Temporary or Permanent."""

    def send(self, message: Message, waiting: Waiting) -> str:
        """Hand one message over and return the provider's id for it. Raises Temporary or Permanent."""

    def close(self) -> None:
        """Hang up. Never raises."""
