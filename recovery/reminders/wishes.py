"""How a patient wishes to be reminded: chosen at enrolment, changed by the patient on the phone or by the team."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from recovery import access, audit, sealing
from recovery.errors import Refused
from recovery.first import who_was_first
from recovery.models import DeviceToken, Episode, EpisodeEvent, Preferences, User
from recovery.notifications import letters
from recovery.notifications.channels import Permanent
from recovery.reminders import schedule
from recovery.reminders.times import within

CHANGED = "changed reminders"
CHANNELS = Preferences.Channel
MOST_REPEATS = Preferences.MOST_REPEATS
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
LONGEST = 254
"""Letters of an address (RFC 5321)."""

NEWS = "news"
"""The kind of letter that follows the patient to a new address. Who was to be reminded has their phone in hand, or is
being spoken with: the next reminder goes there."""


class RemindersRefused(Refused):
    """`field` (of `extra`) names what is wrong."""

    code = "invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What somebody chose. `address` None: the one that is known stays."""

    channel: str = CHANNELS.APP
    address: str | None = field(default=None, repr=False)
    remind_at: time = Preferences.USUAL_AT
    repeats: int = 1
    quiet_from: time = Preferences.QUIET_FROM
    quiet_until: time = Preferences.QUIET_UNTIL


def trouble_with(chosen: Chosen, *, knows: str = "") -> RemindersRefused | None:
    """Why this cannot be chosen, if it cannot. `knows`: the channel of which an address is known already."""
    try:
        _check(chosen)
        if chosen.channel in Preferences.ADDRESSED and (chosen.channel != knows or chosen.address):
            _address(chosen)
    except RemindersRefused as refused:
        return refused
    return None


def of_episode(episode: Episode) -> Preferences:
    """What is chosen for it; of one that was enrolled before there were reminders, that there are none."""
    try:
        return episode.preferences
    except Preferences.DoesNotExist:
        return Preferences(episode=episode, channel=CHANNELS.NONE, changed_at=episode.started_at)


def begin(episode: Episode, chosen: Chosen | None, *, now: datetime) -> None:
    """What was chosen when the recovery began; in the app, at the usual time, when nobody said anything."""
    columns = _columns(chosen or Chosen(), None)
    row = Preferences(clinic_id=episode.clinic_id, episode=episode, changed_at=now, **columns)
    row.next_at = schedule.next_after(episode, row, after=now)
    row.save(force_insert=True)


@transaction.atomic
def choose(*, device: DeviceToken, chosen: Chosen, now: datetime) -> Preferences:
    """The patient chooses, on the phone. The same again changes nothing."""
    episode = Episode.objects.select_for_update(of=("self",), no_key=True).get(pk=device.episode_id)
    DeviceToken.objects.get(pk=device.pk, revoked_at=None)  # nobody was erased or signed out while we waited
    return _change(episode, chosen, by=None, device=device, now=now)


@transaction.atomic
def choose_for(
    *, episode_id: UUID, chosen: Chosen, by: User, now: datetime, seen: str | None = None
) -> Preferences:
    """The team chooses with the patient. Everybody of the team may; raises Episode.DoesNotExist for a stranger.
    `seen`: what `as_seen` gave when they read it."""
    episode = (
        access.episodes(by)
        .select_for_update(of=("self",), no_key=True)
        .select_related("clinic")
        .get(uuid=episode_id)
    )
    if seen is not None and seen != as_seen(of_episode(episode)):
        raise RemindersRefused(
            who_was_first(episode, CHANGED, "changed the reminders", without="The patient")
        )
    return _change(episode, chosen, by=by, now=now)


def look_again(episode: Episode, *, now: datetime) -> None:
    """After the slots have moved: the reminder that was due next may come too late by the new time."""
    row = Preferences.objects.filter(episode=episode.pk).first()
    if row is not None:
        next_at = schedule.next_after(episode, row, after=now)
        Preferences.objects.filter(pk=row.pk).update(next_at=next_at)


def as_seen(row: Preferences) -> str:
    """A word for what is chosen. It changes with every change of it."""
    told = {**_told(row), "address": hashlib.sha256(row.sealed_address.encode()).hexdigest()}
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def hint(row: Preferences) -> str:
    """As much of the address as lets its owner know it again, and nobody else: "a...@example.org", "...123"."""
    if not row.sealed_address:
        return ""
    address = sealing.unseal(row.sealed_address)
    name, at, host = address.partition("@")
    return f"{name[:1]}...@{host}" if at else f"...{address[-3:]}"


def address_of(written: str, channel: str) -> str:
    """The address as it is stored. Raises ValueError that says what to do."""
    text = written.strip()
    if channel == CHANNELS.SMS:
        number = re.sub(r"[\s().-]", "", text)
        if not NUMBER.fullmatch(number):
            raise ValueError("Write the mobile number with its country code, such as +44 7700 900123.")
        return number
    try:
        validate_email(text)
        text.encode("ascii")
    except (ValidationError, UnicodeEncodeError):
        raise ValueError("Write the e-mail address in full, such as ana@example.org.") from None
    if len(text) > LONGEST:
        raise ValueError(f"An e-mail address has at most {LONGEST} letters.")
    return text


def _change(
    episode: Episode, chosen: Chosen, *, by: User | None, now: datetime, device: DeviceToken | None = None
) -> Preferences:
    was = of_episode(episode)
    columns = _columns(chosen, was)
    if all(getattr(was, name) == value for name, value in columns.items()) and not was._state.adding:
        return was
    row = Preferences(clinic_id=episode.clinic_id, episode=episode, changed_at=now, **columns)
    row.next_at = schedule.next_after(episode, row, after=now)
    row.save(force_insert=was._state.adding)
    if (row.channel, row.sealed_address) != (was.channel, was.sealed_address):
        letters.send_elsewhere([NEWS], episode=episode, to=_place(row, episode))
    EpisodeEvent.objects.create(
        clinic_id=episode.clinic_id, episode=episode, what=CHANGED, at=now, by=by, was=_told(was)
    )
    audit.record(what=CHANGED, now=now, clinic=episode.clinic_id, user=by, device=device, subject=episode)
    return row


def _place(row: Preferences, episode: Episode) -> letters.To | None:
    """Where letters go by this choice; None where they go nowhere."""
    if row.channel not in Preferences.ADDRESSED:
        return None
    try:
        address = sealing.unseal(row.sealed_address)
        return letters.To.patient(episode, channel=row.channel, address=address)
    except Permanent:
        return None  # as with a reminder that has no address


def _columns(chosen: Chosen, was: Preferences | None) -> dict[str, Any]:
    _check(chosen)
    return {
        "channel": chosen.channel,
        "sealed_address": _sealed(chosen, was),
        "remind_at": chosen.remind_at,
        "repeats": chosen.repeats,
        "quiet_from": chosen.quiet_from,
        "quiet_until": chosen.quiet_until,
    }


def _check(chosen: Chosen) -> None:
    if chosen.channel not in CHANNELS.values:
        raise RemindersRefused("Choose how to be reminded.", field="channel")
    if not 0 <= chosen.repeats <= MOST_REPEATS:
        raise RemindersRefused(f"At most {MOST_REPEATS} times again.", field="repeats")
    if within(chosen.remind_at, chosen.quiet_from, chosen.quiet_until):
        raise RemindersRefused("Choose a time outside the quiet hours.", field="remind_at")


def _address(chosen: Chosen) -> str:
    if not (chosen.address or "").strip():
        raise RemindersRefused("Write where the reminders go.", field="address")
    try:
        return address_of(chosen.address or "", chosen.channel)
    except ValueError as problem:
        raise RemindersRefused(str(problem), field="address") from None


def _sealed(chosen: Chosen, was: Preferences | None) -> str:
    """An address that is known already stays sealed as it is: sealed again it would look like another."""
    if chosen.channel not in Preferences.ADDRESSED:
        return ""
    known = was.sealed_address if was is not None and was.channel == chosen.channel else ""
    if known and not (chosen.address or "").strip():
        return known
    address = _address(chosen)
    return known if known and sealing.unseal(known) == address else sealing.seal(address)


def _told(row: Preferences) -> Mapping[str, Any]:
    """What may stand in the history: not the address."""
    clocks = ("remind_at", "quiet_from", "quiet_until")
    return {"channel": row.channel, "repeats": row.repeats} | {
        name: getattr(row, name).isoformat("minutes") for name in clocks
    }
