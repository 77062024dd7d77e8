"""What no answer may be, whatever was asked and by whom."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from tests.fuzz.people import PATIENTS, People, readable_by

NOT_THERE = {302, 400, 401, 403, 404, 405, 411, 413, 414, 415, 422, 429}
"""How what is somebody else's may be answered: as if there were nothing, or before anything was looked up."""


@dataclass(frozen=True)
class Answer:
    method: str
    path: str
    status: int
    headers: Mapping[str, str]
    """Names in lower case."""

    body: bytes
    sent: str = ""
    """What was typed, so that it is no secret when it is shown again."""


def wrong(answer: Answer, caller: str, people: People, *, made: Collection[str] = ()) -> list[str]:
    """Everything that is wrong with it.

    `made` are ids that the caller gave to reports of its own. An id is unique for its patient, so it may happen to be
    somebody else's too.
    """
    found = []
    if answer.status >= 500:
        found.append("a fault of the service")
    if answer.status >= 400 and "no-store" not in answer.headers.get("cache-control", ""):
        found.append("a refusal of which a copy may be kept")
    for other in set(PATIENTS) - readable_by(caller):
        if any(word.encode() in answer.body for word in people.words[other] if word not in answer.sent):
            found.append(f"words of {other}")
        asked_for = unquote(urlsplit(answer.path).path).lower()
        is_theirs = any(each in asked_for for each in set(people.ids[other]) - set(made))
        is_looked_up = not asked_for.startswith("/accounts/") and "hx-redirect" not in answer.headers
        if is_theirs and is_looked_up and answer.status not in NOT_THERE:
            found.append(f"an object of {other}, answered with {answer.status}")
    return found
