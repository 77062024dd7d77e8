"""How a patient is reminded, what became of the latest reminders, and what is known of the latest silence."""

from collections.abc import Mapping
from dataclasses import dataclass

from recovery import reminders
from recovery.dashboard.screens.place import Clock
from recovery.dashboard.screens.silences import silence_words
from recovery.dashboard.wording import span
from recovery.models import Episode, Preferences, Reminder
from recovery.reminders import CHANNELS

SHOWN = 3

BECAME = {
    "waiting": "is waiting to be sent",
    "sending": "is being sent",
    "sent": "sent",
    "delivered": "delivered",
    "failed": "could not be delivered",
    "dropped": "not sent: no longer needed",
}


@dataclass(frozen=True, slots=True)
class Reminding:
    """`silence`: what is known of the last check-in that was missed."""

    way: str
    quiet: str
    next_at: str
    sent: list[str]
    heard: str
    opened: str
    silence: list[str]


def reminding_of(episode: Episode, clock: Clock) -> Reminding:
    """Three queries."""
    row = reminders.of_episode(episode)
    sign = reminders.sign_of(episode)
    is_to_come = (
        row.next_at is not None and row.next_at > clock.now and episode.status == Episode.Status.ACTIVE
    )
    return Reminding(
        way=_way(row),
        quiet="" if row.channel == CHANNELS.NONE else _quiet(row),
        next_at=clock.moment(row.next_at) if row.next_at and is_to_come else "",
        sent=_sent(episode, clock),
        heard=f"{span(clock.now - sign.heard_at)} ago ({clock.moment(sign.heard_at)})" if sign else "",
        opened=clock.moment(sign.form_opened_at) if sign and sign.form_opened_at else "",
        silence=_silence(episode),
    )


def way_in_words(channel: str, at: str) -> str:
    if channel == CHANNELS.NONE:
        return "no reminders"
    return f"reminders {CHANNELS(channel).label.lower()} at {at}"


def _way(row: Preferences) -> str:
    words = way_in_words(row.channel, row.remind_at.isoformat("minutes"))
    if row.channel == CHANNELS.NONE:
        return words.capitalize()
    again = {0: "not again", 1: "once again", 2: "twice again"}[row.repeats]
    to = f" to {reminders.hint(row)}" if row.sealed_address else ""
    return f"{words.capitalize()}{to}, {again} while nobody has answered"


def _quiet(row: Preferences) -> str:
    if row.quiet_from == row.quiet_until:
        return "no quiet hours"
    return f"quiet from {row.quiet_from:%H:%M} to {row.quiet_until:%H:%M}"


def _sent(episode: Episode, clock: Clock) -> list[str]:
    rows = list(episode.reminders.order_by("-due_at")[:SHOWN])
    letters = reminders.letters_of(rows)
    return [f"{clock.moment(row.planned_at)}: {_became(row, letters)}" for row in rows]


def _became(row: Reminder, letters: Mapping[str, str]) -> str:
    if row.opened_at:
        return "opened on the phone"
    if row.shown_at:
        return "shown on the phone"
    if row.channel == CHANNELS.APP:
        return "the app has it" if row.fetched_at else "no app has asked for it"
    return BECAME[letters.get(str(row.uuid), "failed")]


def _silence(episode: Episode) -> list[str]:
    silences = episode.assessments.filter(silent_slot__isnull=False, is_current=True, silence__isnull=False)
    last = silences.order_by("-effective_at").first()
    return silence_words(last.silence) if last and last.findings and last.silence else []
