"""Everything that happened to an alert, in order, in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from recovery.clinical.tiers import Tier
from recovery.dashboard.screens.place import Clock, place_of
from recovery.escalation.policy import WORDS
from recovery.models import Alert, AlertEvent, Episode

K = AlertEvent.Kind
WHAT = {
    K.OPENED: "Opened",
    K.JOINED: "Reported again",
    K.RAISED: "Raised",
    K.CHANGED: "The patient changed the answer",
    K.TOLD: "Team told",
    K.UNTOLD: "A colleague could not be told",
    K.ACKNOWLEDGED: "Taken on",
    K.ASKED: "Asked to take it",
    K.TAKEN_OVER: "Taken over",
    K.ESCALATED: "Nobody had taken it on",
    K.REMINDED: "Reminded: no contact with the patient is on record",
    K.GIVEN_BACK: "Given back to the queue",
    K.CONTACTED: "Contact tried",
    K.NOTED: "Note",
    K.MUTED: "Muted",
    K.NOISE: "Called noise",
    K.CLOSED: "Closed",
    K.RESOLVED: "Resolved itself",
}
BY_WHAT = {"phone": "by phone", "visit": "at a visit", "message": "by message"}


@dataclass(frozen=True, slots=True)
class Event:
    at: str
    what: str
    by: str
    note: str


def events_of(events: Iterable[AlertEvent], *, episode: Episode, clock: Clock) -> list[Event]:
    """The same again in the same minute, as when each colleague is told, is said once."""
    each = (
        Event(
            at=clock.moment(event.at),
            what=_what(event, episode, clock),
            by=event.by.name if event.by else "",
            note=_note(event),
        )
        for event in events
    )
    return [event for event, _ in groupby(each)]


def _note(event: AlertEvent) -> str:
    """What a colleague wrote, and what the patient was told with it."""
    note, told = str(event.detail.get("note", "")), event.detail.get("to_patient")
    return "\n".join(filter(None, [note, f"The patient reads: “{told}”" if told else ""]))


def _what(event: AlertEvent, episode: Episode, clock: Clock) -> str:
    said = WHAT[K(event.kind)]
    match K(event.kind):
        case K.OPENED | K.JOINED | K.RAISED if event.assessment and event.tier:
            place = place_of(episode, event.assessment.effective_at)
            return f"{said}: {Tier(event.tier).label.lower()}, {place.words.lower()}"
        case K.CHANGED if event.detail.get("withdrawn"):
            return "The patient took the report back"
        case K.CHANGED if event.detail.get("received_late"):
            return "A missed check-in was received late"
        case K.CHANGED if event.detail.get("procedure_moved"):
            return "The procedure time was changed: by the new time this check-in is not missed"
        case K.MUTED:
            if event.detail.get("ended"):
                return "No longer muted"
            return f"{said} until {clock.moment(datetime.fromisoformat(event.detail['until']))}"
        case K.ASKED:
            return f"{event.detail['name']} was asked to take it"
        case K.TAKEN_OVER if event.detail.get("name"):
            return f"{said} from {event.detail['name']}"
        case K.ESCALATED:
            return f"{said}: {'; '.join(WORDS[word] for word in event.detail['to'])} told"
        case K.REMINDED if event.detail.get("until"):
            until = clock.moment(datetime.fromisoformat(event.detail["until"]))
            return f"{said}; without one it goes back to the queue at {until}"
        case K.GIVEN_BACK if event.detail.get("why") == "left":
            return f"{said}: {event.detail['name']} has left the team"
        case K.GIVEN_BACK if event.detail.get("why") == "role":
            return f"{said}: {event.detail['name']} is no nurse or doctor of the team any more"
        case K.GIVEN_BACK:
            return f"{said} from {event.detail['name']}: no contact with the patient was recorded"
        case K.TOLD if str(event.detail.get("step", "")).startswith("reminded"):
            return "Owner told"
        case K.TOLD if str(event.detail.get("step", "")).startswith("asked"):
            return "Told the colleague who was asked"
        case K.NOISE if not event.detail.get("noise"):
            return "No longer called noise"
        case K.NOISE:
            return f"{said}: {Alert.Noise(event.detail['noise']).label.lower()}"
        case K.CONTACTED:
            reached = "patient reached" if event.detail.get("reached") else "patient not reached"
            by_what = BY_WHAT.get(event.detail.get("by_what", ""), "way not recorded")
            return f"{said}: {reached}, {by_what}{_when(event, clock)}"
        case K.CLOSED:
            outcome = dict(Alert.Outcome.choices).get(event.detail.get("outcome", ""), "no outcome recorded")
            contacted = "patient reached" if event.detail.get("contacted") else "patient not reached"
            return f"{said}: {outcome.lower()}; {contacted}"
    return said


def _when(event: AlertEvent, clock: Clock) -> str:
    """When contact was tried, if that was not when it was written down."""
    at = event.detail.get("at")
    return f", {clock.moment(datetime.fromisoformat(at))}" if at else ""
