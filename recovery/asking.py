"""The request that is being answered, for what is remembered of it (recovery/audit). Empty in a worker or a command."""

import hashlib
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from recovery import tenancy

HEADER = "X-Request-Id"


@dataclass(frozen=True, slots=True)
class Asking:
    """`browser` is a word for the session by which somebody is signed in: two requests of one session have the same.
    The session cannot be found by it. `deeds` are those that were remembered while it was answered."""

    request_id: str = ""
    browser: str = ""
    deeds: list[str] = field(default_factory=list)


_asking: ContextVar[Asking] = ContextVar("asking")


def now() -> Asking:
    return _asking.get(None) or Asking()


def name_for(session_key: str | None) -> str:
    """The name by which a session stands in the database, of the key that its browser has. Whoever has a copy of the
    database cannot make the key of it; the key has 165 bits, so the name needs no salt."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:40] if session_key else ""


def word_for(session_key: str | None) -> str:
    return name_for(session_key)[:16]


def remembered(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Middleware: every request has an id of ours, which its answer carries. What a caller sends as one is ignored.

    And it begins with the reach of the session that it names, of nobody's if it names none.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        session = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        asking = Asking(uuid4().hex, word_for(session))
        token = _asking.set(asking)
        try:
            with tenancy.opened(tenancy.by_session(name_for(session))):
                response = get_response(request)
        finally:
            _asking.reset(token)
        response.headers[HEADER] = asking.request_id
        return response

    return answer
