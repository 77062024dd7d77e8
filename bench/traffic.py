"""What phones send: check-ins felt now, one in twenty of which holds a red flag."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle
from uuid import UUID, uuid4

from bench import load, world

PATH = "/api/v1/check-ins"
RED_EVERY = 20
"""5 %."""


@dataclass(frozen=True)
class Report:
    client_id: UUID
    is_red: bool
    request: bytes


def body(*, red: bool, client_id: UUID) -> bytes:
    now = datetime.now(UTC).isoformat()
    report = {
        "id": str(client_id), "observed_at": now, "sent_at": now, "status": "completed", "answered_by": "patient",
        "app_version": "bench/1", "answers": world.RED_FLAG if red else world.ALL_CLEAR,
    }  # fmt: skip
    return json.dumps(report).encode()


def report(phone: world.Phone, *, red: bool) -> Report:
    client_id = uuid4()
    return Report(client_id, red, load.post(PATH, body(red=red, client_id=client_id), token=phone.token))


def reports(phones: Sequence[world.Phone], red_phones: Sequence[world.Phone]) -> Iterator[Report]:
    """The phones in turn, for ever. A red flag comes from a phone that sends nothing else, so that each opens an alert
    and no other report meets one; ends when such phones run out."""
    steady = cycle(phones)
    for red_phone in red_phones:
        for _ in range(RED_EVERY - 1):
            yield report(next(steady), red=False)
        yield report(red_phone, red=True)


def requests(phones: Sequence[world.Phone], red_phones: Sequence[world.Phone]) -> Iterator[bytes]:
    return (each.request for each in reports(phones, red_phones))
