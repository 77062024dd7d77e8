"""Webhooks over HTTPS, signed as Standard Webhooks says (https://www.standardwebhooks.com): whoever receives one can
check in any language that it is ours, new, and not seen before."""

import base64
import hashlib
import hmac
import json
from functools import partial

from recovery import clock
from recovery.notifications.channels import Message, Permanent, Temporary, Waiting, post, reach, wire
from recovery.notifications.channels.post import OVERLOADED, Answer
from recovery.notifications.channels.reach import Target

NOT_NOW = {408, 425, 429}
"""Of the 4xx those that may go away by themselves; any other is final."""

PREFIX = "whsec_"
"""What the secrets of this scheme begin with; base64 follows."""


class Webhook:
    """One connection, to where the last message went."""

    def __init__(self) -> None:
        self._line = post.Line()
        self._target: Target | None = None

    def open(self, to: str, waiting: Waiting = wire.nothing) -> None:
        self._target = target = reach.target_of(to)
        server = post.Server(target.secure, target.host, target.port)
        self._line.open(server, partial(reach.may_reach, secure=target.secure), waiting)

    def send(self, message: Message, waiting: Waiting = wire.nothing) -> str:
        if self._target is None:
            raise Temporary("not-open", line_down=True)
        body = compose(message)
        headers = sign(message, body) | {"Content-Type": "application/json"}
        return _judge(self._line.post(self._target.path, body, headers, waiting))

    def close(self) -> None:
        self._line.close()


def compose(message: Message) -> bytes:
    data: dict[str, object] = {"key": str(message.key)}
    if message.tier:
        data["tier"] = message.tier.code
    if message.code:
        data["code"] = message.code
    document = {
        "type": message.kind,
        "timestamp": clock.real().isoformat(timespec="seconds"),
        "data": data | {"links": list(message.links)},
    }
    return json.dumps(document, separators=(",", ":")).encode()


def sign(message: Message, body: bytes) -> dict[str, str]:
    """One signature for each secret, so that it can be changed without a message being lost."""
    sent_at = int(clock.real().timestamp())
    signatures = [signature(secret, str(message.key), sent_at, body) for secret in message.secrets]
    return {
        "webhook-id": str(message.key),
        "webhook-timestamp": str(sent_at),
        "webhook-signature": " ".join(signatures),
    }


def signature(secret: str, key: str, sent_at: int, body: bytes) -> str:
    with_what = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.digest(with_what, f"{key}.{sent_at}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(digest).decode('ascii')}"


def _judge(answer: Answer) -> str:
    """What the answer means. Raises Temporary or Permanent; a redirection is not followed, it might lead anywhere."""
    code = f"http-{answer.status}"
    if 200 <= answer.status < 300:
        return code
    if answer.status >= 500 or answer.status in NOT_NOW:
        raise Temporary(code, line_down=answer.status in OVERLOADED, not_before=answer.rest)
    raise Permanent(code)
