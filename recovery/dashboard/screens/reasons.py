"""Why a report was refused, in plain words: what is wrong with it, where, and what stood there."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recovery.clinical import protocol as protocols
from recovery.clinical.protocol import Protocol
from recovery.dashboard.screens.body import sent_as, visible
from recovery.models import Quarantine
from recovery.scanning import Flaw, rest_of

REFUSED_AS = {
    "empty_body": "The message was empty.",
    "not_utf8": "The app sent text that cannot be read.",
    "byte_order_mark": "The app sent it in a form that the service does not take.",
    "not_json": "The message is damaged or breaks off.",
    "not_an_object": "The message is no check-in.",
    "too_deep": "A part of it is nested too deeply to be read.",
    "duplicate_key": "Something stands in it twice, and nobody knows which of the two is meant.",
    "not_a_number": "A number in it is no number.",
    "number_too_large": "A number in it is too large.",
    "nul_character": "A text in it holds characters that cannot be kept.",
    "lone_surrogate": "A text in it holds characters that cannot be kept.",
    "too_large": "The message is too large.",
    "too_many": "It came with too many others at once.",
    "unknown_parameter": "The app sent it in a form that the service does not take.",
    "unsupported_media_type": "The app sent it in a form that the service does not take.",
    "invalid": "A part of it does not fit the questionnaire.",
    "id_conflict": "Another report came under its number before.",
    "not_stored": "The service could not store it.",
    "stale_revision": "It corrects a report that had been changed meanwhile.",
    "device_revoked": "It came from a phone that had been signed out.",
    "withdrawn": "It came under the number of a report that the patient had taken back.",
}
"""The codes of refusals, for people."""

WRONG = {
    "missing": "is missing",
    "unknown_field": "is not known to the service: the app may be newer",
    "unknown_code": "is none of the answers",
    "too_long": "is too long",
    "too_short": "is empty",
    "out_of_range": "is out of range",
    "wrong_type": "is of the wrong kind",
    "no_answers": "hold no answer",
    "duplicate_key": "stands there twice",
    "not_a_number": "is no number",
    "number_too_large": "is too large a number",
    "nul_character": "holds a character that cannot be kept",
    "lone_surrogate": "holds a character that cannot be kept",
    "too_deep": "is nested too deeply",
    "not_an_instant": "is no date and time",
    "not_read": "were too many to be read one by one",
}
"""The codes of problems, after the name of the place. Any other "does not fit"."""

FIELDS = {
    "id": "The report's number",
    "observed_at": "When it was felt",
    "sent_at": "When it was sent",
    "status": "Whether it is finished",
    "answered_by": "Who answered",
    "app_version": "The app's version",
    "base_revision": "Which revision it corrects",
    "answers": "The answers",
    "check_ins": "The reports",
}

_STEPS = re.compile(r"[^.\[\]]+|\[[0-9]+\]")


@dataclass(frozen=True, slots=True)
class Reason:
    """One place that was refused. `link_id` is the question when it is one."""

    words: str
    sent: str
    link_id: str


def refused_as(kept: Quarantine) -> str:
    """With the name of the caregiver whose phone it came from."""
    why = REFUSED_AS.get(kept.code, "The service could not take it.")
    who = kept.device.caregiver
    return f"{why} The phone is that of {who.name} (caregiver)." if who else why


def reasons_of(kept: Quarantine) -> list[Reason]:
    """Every place that was refused, with what stood there as far as it can be found again."""
    protocol, document = protocols.get_or_default(kept.episode.protocol), rest_of(bytes(kept.body))
    return [
        _reason(str(problem.get("place", "")), str(problem.get("code", "")), protocol, document)
        for problem in kept.problems
        if _is_place(str(problem.get("place", "")))
    ]


def _is_place(place: str) -> bool:
    """Where in a damaged text the damage is says nothing to a person."""
    return bool(place) and not re.fullmatch(r"(byte|character) [0-9]+", place)


def _reason(place: str, code: str, protocol: Protocol, document: Mapping[str, Any]) -> Reason:
    steps = _STEPS.findall(place)
    link_id = steps[1] if len(steps) > 1 and steps[0] == "answers" else ""
    return Reason(
        words=f"{_name(steps, link_id, protocol)} {WRONG.get(code, 'does not fit')}",
        sent=_sent(steps, document),
        link_id=link_id,
    )


def _name(steps: list[str], link_id: str, protocol: Protocol) -> str:
    if link_id in protocol.questionnaire.items:
        return protocol.questionnaire.items[link_id].short
    if len(steps) == 1 and steps[0] in FIELDS:
        return FIELDS[steps[0]]
    return f"“{visible(link_id or '.'.join(steps))}”"


def _sent(steps: list[str], document: Any) -> str:
    here = document
    for step in steps:
        if isinstance(here, Mapping) and step in here:
            here = here[step]
        elif isinstance(here, list) and step.startswith("[") and int(step[1:-1]) < len(here):
            here = here[int(step[1:-1])]
        elif isinstance(here, Flaw):
            break
        else:
            return ""
    return sent_as(here)
