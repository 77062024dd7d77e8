"""Telling whoever operates the service, by another road than its own: when something new is wrong, every hour while it
stays so, and when all is well again."""

import time
from collections.abc import Mapping

from recovery import outside
from recovery.auditor.findings import KINDS

AGAIN_S = 3600.0


class Alarm:
    """Kept by one process: one that begins anew tells anew."""

    def __init__(self) -> None:
        self._told: set[str] = set()
        self._told_at = 0.0

    def tell(self, kinds: Mapping[str, int]) -> bool:
        """How many defects of each kind stand now. Whether somebody was to be told of it, and was."""
        new = set(kinds) - self._told
        is_late = bool(kinds) and time.monotonic() - self._told_at > AGAIN_S
        if not kinds and self._told:
            self._told = set()
            return outside.mail_operator(
                "Recovery check-ins: all is well again", ["All checks are well again."]
            )
        if not new and not is_late:
            return False
        lines = [f"{KINDS.get(kind, kind)} ({count} x {kind})" for kind, count in sorted(kinds.items())]
        told = outside.mail_operator("Recovery check-ins: something is wrong", lines)
        if told:
            self._told, self._told_at = self._told | set(kinds), time.monotonic()
        return told
