"""The watch's senders: a thread for each channel, with a connection to the database of its own. A provider that hangs
holds up neither the other channels nor the flagging."""

import logging
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from typing import Self

from django.db import close_old_connections, connection

from recovery import heartbeats, tenancy
from recovery.notifications import delivery, letters
from recovery.notifications.lines import CHANNELS, Lines

log = logging.getLogger(__name__)

LIMIT = 100
LETTERS = 20
"""After the messages of a turn; the next urgent one does not wait long behind them."""

FIRST_WAIT_S, LONGEST_WAIT_S = 0.25, 1.0
"""After the database was lost, as the watch itself does."""


class Senders:
    """A context: they send until `stopping` is set, and end after the message they are at."""

    def __init__(self, *, now: Callable[[], datetime], stopping: threading.Event, every_s: float) -> None:
        self._now, self._stopping, self._every_s = now, stopping, every_s
        self._counting, self._tried = threading.Lock(), 0
        self._threads = [
            threading.Thread(target=self._send, args=[channel], name=f"sender-{channel}")
            for channel in CHANNELS
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def tried(self) -> int:
        """How many messages, since this was last asked."""
        with self._counting:
            tried, self._tried = self._tried, 0
            return tried

    @tenancy.every_clinic()
    def _send(self, channel: str) -> None:
        wait_s = FIRST_WAIT_S
        with closing(connection), closing(Lines()) as lines:
            while not self._stopping.is_set():
                try:
                    close_old_connections()
                    tried = delivery.deliver_due(
                        limit=LIMIT,
                        road="watch",
                        now=self._now(),
                        only=channel,
                        lines=lines,
                        stop=self._stopping.is_set,
                    )
                    tried += letters.deliver_due(
                        limit=LETTERS, now=self._now(), only=channel, lines=lines, stop=self._stopping.is_set
                    )
                except Exception as error:
                    log.error("%s: trying again in %g s: %s", channel, wait_s, type(error).__name__)
                    connection.close()
                    self._stopping.wait(wait_s)
                    wait_s = min(wait_s * 2, LONGEST_WAIT_S)
                    continue
                wait_s = FIRST_WAIT_S
                heartbeats.drain(f"sender-{channel}")
                with self._counting:
                    self._tried += tried
                if not tried:
                    lines.close()
                    self._stopping.wait(self._every_s)
