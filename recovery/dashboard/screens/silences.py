"""A silence in plain words: what tells it from others, and what it may mean. What was known when it was judged."""

from collections.abc import Mapping
from typing import Any

from recovery.clinical import protocol as protocols
from recovery.clinical.conditions import Clause
from recovery.dashboard.wording import counted
from recovery.models import Alert, Episode
from recovery.silence import Why

OPENED = "The form was opened and not sent: the patient may need help with it"
HALF = "A check-in was begun and not finished: the patient may need help with it"
UNHEARD = "The phone was not heard from in this time: it may be off, lost or without a network"
NO_PHONE = "No phone reports for this patient: check the number, and whether help is needed to sign on"
NOTHING = "The phone was heard from, and nothing was sent"


WEIGHS_MORE = ("lives_alone", "anticoagulant", "tumour", "immunosuppressed")
"""Risk factors with which a silence is followed up first. Which of them raise the tier stands in the protocol."""


def silence_clauses(alert: Alert) -> list[Clause]:
    """Beside the clauses of the rule. None for what is no silence, or was judged before this was kept."""
    known = alert.latest_assessment.silence
    if not known:
        return []
    said = [*silence_words(known), *risk_words(alert.episode)]
    return [Clause("silence", known["why"], words) for words in said]


def risk_words(episode: Episode) -> list[str]:
    """Why this silence weighs more than another's, if it does."""
    protocol = protocols.get_or_default(episode.protocol)
    risks = [protocol.risk_factors[risk].label for risk in WEIGHS_MORE if risk in episode.risk_factors]
    return [f"Weighs more in this patient: {', '.join(risks)}"] if risks else []


def silence_words(known: Mapping[str, Any]) -> list[str]:
    """The most telling first; what became of the reminders comes with it."""
    match Why(known["why"]):
        case Why.OPENED:
            first = HALF if known["half"] else OPENED
        case Why.UNREACHED if known["channel"] == "app":
            first = (
                f"{_reminders(known)} waited in the app, and no app asked: it may be off, lost or not set up"
            )
        case Why.UNREACHED:
            first = f"{_reminders(known)} could not be delivered: check the {_address(known)}"
        case Why.UNHEARD:
            first = UNHEARD if known["phones"] else NO_PHONE
        case Why.NOTHING:
            first = NOTHING
    if known["why"] == Why.UNREACHED:
        return [first]
    if not known["reminders"]:
        return [first, "No reminder was due or wished for in this time"]
    return [
        first,
        f"{_reminders(known)} reached the {'app' if known['channel'] == 'app' else _address(known)}",
    ]


def _reminders(known: Mapping[str, Any]) -> str:
    number = known["reached"] if known["reached"] else known["reminders"]
    return counted(number, "reminder", "reminders").capitalize()


def _address(known: Mapping[str, Any]) -> str:
    return "e-mail address" if known["channel"] == "email" else "mobile number"
