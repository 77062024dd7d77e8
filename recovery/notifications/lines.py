"""The lines of one sender, kept open between messages: one for each channel, each with a breaker of its own, so that a
provider that is down holds up no other."""

from recovery.breaker import Breaker
from recovery.notifications.channels import Channel
from recovery.notifications.channels.email import Email

CHANNELS: dict[str, type[Channel]] = {"email": Email}

REST_AFTER, REST_S = 3, 10.0
"""After so many failures in a row a channel rests, with one try in so many seconds."""


class Lines:
    """Used by one thread. The breakers may be shared with others, and outlive them."""

    def __init__(self, breakers: dict[str, Breaker] | None = None) -> None:
        self._lines: dict[str, Channel] = {}
        self._breakers = {} if breakers is None else breakers

    def to(self, channel: str) -> Channel:
        if channel not in self._lines:
            self._lines[channel] = CHANNELS[channel]()
        return self._lines[channel]

    def resting(self) -> set[str]:
        """The channels that are not to be tried now."""
        return {channel for channel, breaker in list(self._breakers.items()) if not breaker.allows()}

    def worked(self, channel: str) -> None:
        if channel in self._breakers:
            self._breakers[channel].succeeded()

    def went_down(self, channel: str) -> None:
        self._breakers.setdefault(channel, Breaker(failures=REST_AFTER, seconds=REST_S)).failed()

    def close(self) -> None:
        for line in self._lines.values():
            line.close()
