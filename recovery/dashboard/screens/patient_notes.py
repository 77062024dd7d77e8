"""What colleagues wrote about a patient and changed about the recovery, newest first; and what is muted now."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from recovery import access, caregivers, devices, reminders
from recovery.clinical import protocol as protocols
from recovery.clinical.protocol import Protocol
from recovery.clinical.tiers import Tier
from recovery.dashboard.screens.history import events_of
from recovery.dashboard.screens.patient_about import baseline_in_words, risks_in_words
from recovery.dashboard.screens.place import Clock
from recovery.dashboard.screens.reminding import way_in_words
from recovery.dashboard.wording import day
from recovery.models import AlertEvent, Caregiver, Episode, EpisodeEvent, User

MOST = 60


@dataclass(frozen=True, slots=True)
class Note:
    at: datetime
    when: str
    what: str
    by: str
    words: str
    before: str


@dataclass(frozen=True, slots=True)
class Muted:
    """A rule whose finding is known and expected for a while."""

    name: str
    tier: Tier
    until: str
    by: str
    reason: str


def notes_of(user: User, episode: Episode, clock: Clock) -> list[Note]:
    """Notes on alerts and changes of the recovery, in one order. Two queries."""
    protocol = protocols.get(episode.protocol)
    written = access.alert_events(user).filter(alert__episode=episode, detail__note__gt="")
    changes = episode.events.select_related("by").order_by("-id")[:MOST]
    notes = [_change(event, protocol, clock) for event in changes]
    for event in written.select_related("by", "alert", "assessment").order_by("-id")[:MOST]:
        notes.append(_note(event, episode, protocol, clock))
    return sorted(notes, key=lambda note: note.at, reverse=True)[:MOST]


def muted_now(episode: Episode, clock: Clock) -> list[Muted]:
    protocol = protocols.get(episode.protocol)
    running = episode.mutes.filter(ended_at=None, from_at__lte=clock.now, until_at__gt=clock.now)
    return [
        Muted(
            name=_name(mute.rule, protocol),
            tier=Tier(mute.tier),
            until=clock.moment(mute.until_at),
            by=mute.by.name,
            reason=mute.reason,
        )
        for mute in running.select_related("by").order_by("until_at", "id")
    ]


def _note(event: AlertEvent, episode: Episode, protocol: Protocol, clock: Clock) -> Note:
    (said,) = events_of([event], episode=episode, clock=clock)
    return Note(
        at=event.at,
        when=said.at,
        what=f"{said.what} (alert “{_name(event.alert.rule, protocol)}”)",
        by=said.by,
        words=said.note,
        before="",
    )


def _change(event: EpisodeEvent, protocol: Protocol, clock: Clock) -> Note:
    return Note(
        at=event.at,
        when=clock.moment(event.at),
        what=event.what[:1].upper() + event.what[1:] + _about_caregiver(event.was),
        by=event.by.name if event.by else _on_phone(event),
        words=event.reason,
        before=_before(event.was, protocol, clock),
    )


def _about_caregiver(was: Mapping[str, Any]) -> str:
    if "caregiver" not in was:
        return ""
    scope = f", {Caregiver.Scope(was['scope']).label.lower()}" if "scope" in was else ""
    return f": {was['caregiver']}{scope}"


def _on_phone(event: EpisodeEvent) -> str:
    """Who did it, where no colleague did."""
    if event.what == caregivers.LEFT or event.was.get("on") == "caregiver":
        return str(event.was.get("caregiver", "a caregiver"))
    ours = {reminders.CHANGED, devices.SIGNED_OUT, *caregivers.CHANGES}
    return "the patient" if event.what in ours else ""


def _before(was: Mapping[str, Any], protocol: Protocol, clock: Clock) -> str:
    """What stood there before a correction, as far as there are words for it."""
    parts = []
    if "hospital_number" in was:
        born, levels = day(date.fromisoformat(was["born_on"])), ", ".join(was["levels"]) or "not recorded"
        parts.append(f"{was['name']}, born {born}, number {was['hospital_number']}, vertebrae {levels}")
    if "risk_factors" in was:
        parts.append("risk factors " + (", ".join(risks_in_words(was["risk_factors"], protocol)) or "none"))
    if "baseline" in was:
        facts = baseline_in_words(was["baseline"] or {}, protocol)
        parts.append("; ".join(f"{fact.label}: {fact.words}" for fact in facts) or "no baseline")
    if "procedure_at" in was:
        at = clock.moment(datetime.fromisoformat(was["procedure_at"]))
        parts.append(f"procedure {at}{', time not known' if was.get('time_estimated') else ''}")
    if "channel" in was:
        parts.append(way_in_words(was["channel"], was["remind_at"]))
    return "; ".join(parts)


def _name(rule: str, protocol: Protocol) -> str:
    known = protocol.rules.get(rule) or protocol.service_alerts.get(rule)
    return known.name if known else rule
