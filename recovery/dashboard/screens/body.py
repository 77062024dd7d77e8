"""A refused report as it came, for a colleague to read. Nothing in it can act, hide, or turn the text around it."""

import json
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from recovery.dashboard.screens.place import Clock
from recovery.models import Quarantine
from recovery.quarantine import MOST_BYTES
from recovery.scanning import Flaw, text_of

MOST = 4000
"""Characters shown at first."""

UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
"""Characters that nobody sees, or that turn the direction of what follows. Joiners stay: emoji are made with them."""


@dataclass(frozen=True, slots=True)
class Body:
    """`text` is the beginning and `more` the rest; `is_cut` when not all of it was kept."""

    id: UUID
    received: str
    text: str
    more: str
    length: int
    is_cut: bool


def body_of(kept: Quarantine, clock: Clock) -> Body:
    raw = bytes(kept.body)
    text = visible(text_of(raw))
    return Body(
        id=kept.uuid,
        received=clock.moment(kept.received_at),
        text=text[:MOST],
        more=text[MOST:],
        length=len(text),
        is_cut=len(raw) >= MOST_BYTES,
    )


def visible(text: str) -> str:
    """The text with a mark for each character that could not be seen."""
    return UNSEEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", text)


def sent_as(value: Any) -> str:
    """A value as it was sent, shortened. What stands under a name twice is shown both times."""
    if isinstance(value, Flaw) and value.code == "duplicate_key":
        return " and ".join(map(sent_as, value.was[:5]))
    if isinstance(value, Flaw):
        return sent_as(value.was) if value.was is not None else ""
    text = visible(json.dumps(value, ensure_ascii=False, default=sent_as))
    return text if len(text) <= 80 else f"{text[:79]}…"
