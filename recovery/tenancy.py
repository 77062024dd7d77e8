"""Whose rows may be reached now: the context that row-level security in the database asks for.

It is opened where it becomes known who asks: a session, a phone's token, a code, a link, a provider's receipt; the
watch and its like open every clinic, explicitly. Until then it is NOTHING. It costs no statement of its own: the
connection tells the database with the next statement that runs anyway (config/postgres/base.py), and the database
itself looks up which clinics a secret opens. docs/adr/0031-the-second-wall.md
"""

import re
from collections.abc import Iterator
from contextlib import _GeneratorContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

SETTING = "recovery.clinics"
"""An array of clinics, or the word EVERY; policies of tables read it (migrations/_walls.py)."""

_HARMLESS = re.compile(r"[0-9A-Za-z-]{1,128}")


@dataclass(frozen=True, slots=True)
class Reach:
    """`sql` gives the value of the setting. `asked` tells two looks at the same secret apart: what was so at one
    request need not be so at the next."""

    sql: str
    asked: object = field(default=None, repr=False)


NOTHING = Reach("'{}'")
EVERY = Reach("'every'")

Opened = _GeneratorContextManager[None]
"""Stands around a function as well."""

_reach: ContextVar[Reach] = ContextVar("reach")
_unless_said = NOTHING


def now() -> Reach:
    return _reach.get(_unless_said)


@contextmanager
def opened(reach: Reach) -> Iterator[None]:
    token = _reach.set(reach)
    try:
        yield
    finally:
        _reach.reset(token)


def enter(reach: Reach) -> None:
    """For the rest of what `opened` stands around: of a request, once it is known who asks."""
    _reach.set(reach)


def every_clinic() -> Opened:
    """For the few who look after all of them. A test of the house names the modules that may."""
    return opened(EVERY)


def at_least(clinic_id: int | None) -> Opened:
    """That clinic where nothing else is in reach: to write down what was tried by whom we do not know."""
    return opened(clinic(clinic_id) if clinic_id is not None and now() == NOTHING else now())


def assume_every_clinic() -> None:
    """In this process, wherever nothing was said: for tests, measurements and the demo's story-tellers."""
    global _unless_said
    _unless_said = EVERY


def clinic(clinic_id: int) -> Reach:
    return Reach(f"'{{{int(clinic_id)}}}'")


def by_session(name: str) -> Reach:
    """The clinics that whoever is signed in by the session of this name works for now (recovery/asking.py)."""
    return _by("session", name)


def by_phone(token_hash: str) -> Reach:
    return _by("phone", token_hash)


def by_code(selector: str) -> Reach:
    return _by("code", selector)


def by_invitation(token_hash: str) -> Reach:
    return _by("invitation", token_hash)


def by_message(key: str) -> Reach:
    """Of a message, as its provider knows it."""
    return _by("message", key)


def _by(what: str, secret: str) -> Reach:
    if not _HARMLESS.fullmatch(secret):
        return NOTHING
    return Reach(f"recovery_clinics_of_{what}('{secret}')", asked=object())
