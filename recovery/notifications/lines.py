"""What one sender sends over: a channel of each kind, kept open between messages, and a breaker for each line, which is
a provider. A provider that is down so holds up no other."""

from recovery.breaker import Breaker
from recovery.notifications.channels import Channel
from recovery.notifications.channels.email import Email
from recovery.notifications.channels.sms import Sms
from recovery.notifications.channels.webhook import Webhook

CHANNELS: dict[str, type[Channel]] = {"email": Email, "sms": Sms, "webhook": Webhook}

REST_AFTER, REST_S = 3, 10.0
"""After so many failures in a row a line rests, with one try in so many seconds."""


class Lines:
    """Used by one thread. The breakers may be shared with others, and outlive them."""

    def __init__(self, breakers: dict[str, Breaker] | None = None) -> None:
        self._channels: dict[str, Channel] = {}
        self._breakers = {} if breakers is None else breakers

    def channel(self, name: str) -> Channel:
        if name not in self._channels:
            self._channels[name] = CHANNELS[name]()
        return self._channels[name]

    def resting(self) -> set[str]:
        """The lines that are not to be tried now."""
        return {line for line, breaker in list(self._breakers.items()) if not breaker.allows()}

    def worked(self, line: str) -> None:
        self._breakers.pop(line, None)

    def went_down(self, line: str) -> None:
        self._breakers.setdefault(line, Breaker(failures=REST_AFTER, seconds=REST_S)).failed()

    def close(self) -> None:
        for channel in self._channels.values():
            channel.close()
