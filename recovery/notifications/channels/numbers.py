"""Telephone numbers that a text message can go to."""

import re

from recovery.models.contact import E164
from recovery.notifications.channels import Permanent

_WRITTEN = re.compile(r"[\s().\-/]|\u00a0")


def checked(number: str) -> str:
    """As E.164 has it: + and the country first, digits alone. Blanks, dashes and brackets are taken out, and 00 read as
    +. Raises Permanent for anything else: a number without its country may belong to somebody else in another one."""
    plain = re.sub(r"^00", "+", _WRITTEN.sub("", number))
    if not plain.isascii() or re.search(E164.replace("$", r"\Z"), plain) is None:
        raise Permanent("number")
    return plain
