"""What a supervisor is told to keep running, and how far it has come with it."""

import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from services.account import Account
from services.children import Child, Guard, environment


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Process:
    """One program. `ready` and `before` run in the supervisor and must return within a second or so."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=environment)
    before: Callable[[], None] = _nothing
    """Runs ahead of each start; an exception counts as a failed start."""
    ready: Callable[[], bool] | None = None
    """Asked ten times a second once it runs; those that come `after` it wait for yes. None: it is, if it runs."""
    after: Sequence[str] = ()
    once: bool = False
    """It is done when it ends with 0, as a migration is; a failure ends everything."""
    quiet: bool = False
    """Its lines are shown only if it ends unasked."""
    stop_with: signal.Signals = signal.SIGTERM
    patience_s: float = 10.0
    """From the request to stop until the kill."""
    ready_within_s: float = 60.0
    account: Account = Account()

    def spawn(self, guard: Guard, output: int = subprocess.PIPE) -> Child:
        return Child(
            self.argv,
            guard=guard,
            env=self.env,
            stop_with=self.stop_with,
            account=self.account,
            output=output,
        )


class State(Enum):
    WAITING = "waiting for others"
    STARTING = "starting"
    UP = "up"
    DONE = "done"
    ENDING = "asked to stop"
    SWEEPING = "ended; its children may still be there"
    RESTING = "ended; starts again soon"
    STOPPED = "stopped"
