"""The watch's turn: whoever is due is reminded, once, however long nobody has looked.

A reminder is a fixed instant of its slot, so nothing has to be told to it when a recovery is paused, resumed or a
check-in comes: when it is due, what is so then decides. What was due during an outage collapses into the latest.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from recovery import sealing, statements
from recovery.models import Clinic, Episode, Preferences, Reminder
from recovery.notifications import letters
from recovery.notifications.channels import Permanent
from recovery.reminders.schedule import first_after, spans
from recovery.reminders.times import LEAST, Wishes, planned

log = logging.getLogger(__name__)

KIND = "reminder"
"""Of letters. Their key is the reminder's uuid."""

TOO_LATE = timedelta(minutes=10)
"""Before a slot closes. The last reminder is planned earlier than that; only one that is late comes to it."""

LONGEST_BACK_OFF_S = 3600

# Only who wants reminders has a next_at (a constraint). Indexes: reminder_due; the primary key; check_in_history;
# reminded_once. What was said and sent is read after the claim, by a statement of its own, so that it is as it is now.
_CLAIM = """
    SELECT episode_id FROM recovery_preferences
    WHERE next_at <= %(now)s AND (retry_at IS NULL OR retry_at <= clock_timestamp())
    ORDER BY next_at
    LIMIT %(limit)s
    FOR NO KEY UPDATE SKIP LOCKED
"""
_READ = """
    SELECT episode.id, episode.clinic_id, episode.procedure_at, episode.protocol, episode.time_zone, episode.status,
        wish.channel, wish.sealed_address, wish.remind_at, wish.repeats, wish.quiet_from, wish.quiet_until,
        wish.failures, said.effective_at, reminded.due_at, reminded.planned_at
    FROM recovery_preferences wish
    JOIN recovery_episode episode ON episode.id = wish.episode_id
    LEFT JOIN LATERAL (
        SELECT effective_at FROM recovery_checkin
        WHERE episode_id = wish.episode_id AND status = 'completed' AND withdrawn_at IS NULL
        ORDER BY effective_at DESC LIMIT 1
    ) said ON true
    CROSS JOIN LATERAL (
        SELECT array_agg(due_at) AS due_at, max(planned_at) AS planned_at FROM (
            SELECT due_at, planned_at FROM recovery_reminder
            WHERE episode_id = wish.episode_id ORDER BY due_at DESC LIMIT 3
        ) latest
    ) reminded
    WHERE wish.episode_id = ANY(%(episodes)s::bigint[])
"""
_MOVE_ON = """
    UPDATE recovery_preferences
    SET next_at = look.at, failures = 0, retry_at = NULL
    FROM json_to_recordset(%(looks)s::json) look (episode_id bigint, at timestamptz)
    WHERE recovery_preferences.episode_id = look.episode_id
    RETURNING recovery_preferences.episode_id
"""


@dataclass(frozen=True, slots=True)
class Awaited:
    """A recovery as reminding sees it."""

    episode_id: int
    clinic_id: int
    procedure_at: datetime
    protocol: str
    time_zone: str
    status: str
    channel: str
    sealed_address: str
    wishes: Wishes
    reported_at: datetime | None
    reminded: tuple[datetime, ...]
    reminded_at: datetime | None

    @property
    def is_active(self) -> bool:
        return self.status == Episode.Status.ACTIVE

    def next_at(self, after: datetime) -> datetime | None:
        return first_after(self.procedure_at, self.protocol, self.wishes, after=after)


def send_due(*, limit: int, now: datetime) -> int:
    """Remind everybody who is due by `now`, at most `limit` of them. Returns how many were looked at.

    Of those who are paused or have ended, or have sent the check-in already, nobody is reminded. One who fails keeps
    nobody else waiting.
    """
    with transaction.atomic():
        due = [row[0] for row in statements.fetch_all(_CLAIM, {"limit": limit, "now": now})]
        looks = {episode_id: _remind(episode_id, row, now=now) for episode_id, row in _read(due)}
        _move_on({key: look for key, look in looks.items() if look is not _FAILED})
    return len(due)


_FAILED = object()


def _remind(episode_id: int, row: Sequence[Any], *, now: datetime) -> Any:
    """Remind one of them, if that is to be. Returns when to look again, if ever, or _FAILED."""
    try:
        with transaction.atomic():
            awaited = _awaited(row)
            reminder = reminder_due(awaited, now=now)
            if reminder is not None:
                _send(reminder, awaited)
            return _next(awaited, reminder, now=now)
    except Exception as error:
        log.error("nobody could remind the patient of episode %s: %s", episode_id, type(error).__name__)
        wait = timedelta(seconds=min(2 ** min(row[12] + 1, 12), LONGEST_BACK_OFF_S))
        Preferences.objects.filter(episode=episode_id).update(
            failures=F("failures") + 1, retry_at=Now() + wait
        )
        return _FAILED


def reminder_due(awaited: Awaited, *, now: datetime) -> Reminder | None:
    """The one reminder that is due: the latest whose time has come, of the slot that is open now and not answered."""
    if not awaited.is_active or awaited.wishes.is_quiet(now):
        return None
    for slot, opens_at, closes_at in spans(awaited.procedure_at, awaited.protocol):
        if not opens_at <= now <= closes_at - TOO_LATE:
            continue
        if awaited.reported_at is not None and awaited.reported_at >= opens_at:
            return None
        sent = [at for at in awaited.reminded if opens_at <= at]
        owed = [
            at
            for at in planned(opens_at, closes_at, awaited.wishes)
            if at <= now and all(at > other for other in sent)
        ]
        is_soon = awaited.reminded_at is not None and now - awaited.reminded_at < LEAST
        if not owed or is_soon or len(sent) > awaited.wishes.repeats:
            return None
        return Reminder(
            clinic_id=awaited.clinic_id,
            episode_id=awaited.episode_id,
            slot=slot.id,
            channel=awaited.channel,
            since=opens_at,
            due_at=owed[-1],
            planned_at=now,
            expires_at=closes_at,
        )
    return None


def _next(awaited: Awaited, reminder: Reminder | None, *, now: datetime) -> datetime | None:
    """The next planned time; none once all is over. What fell into quiet hours, because nobody looked before, is made
    up for at their end."""
    if awaited.status == Episode.Status.ENDED:
        return None
    after = now if reminder is None else now + LEAST - timedelta(microseconds=1)
    next_at = awaited.next_at(after)
    if reminder is None and awaited.is_active and awaited.wishes.is_quiet(now):
        over_at = awaited.wishes.after_quiet(now)
        next_at = over_at if next_at is None else min(next_at, over_at)
    return next_at


def _send(reminder: Reminder, awaited: Awaited) -> None:
    """In an app it is there to be asked for. Otherwise a letter, which the watch's senders deliver."""
    made = Reminder.objects.bulk_create([reminder], ignore_conflicts=True)
    stored = Reminder.objects.filter(uuid=made[0].uuid).exists()
    if not stored or reminder.channel not in Preferences.ADDRESSED:
        return
    episode = Episode(pk=awaited.episode_id, clinic_id=awaited.clinic_id)
    try:
        address = sealing.unseal(awaited.sealed_address)
        to = letters.To.patient(episode, channel=reminder.channel, address=address)
    except (sealing.CannotUnseal, Permanent) as error:
        log.error("a reminder of episode %s has no address: %s", awaited.episode_id, type(error).__name__)
        return  # it stands as one that was not delivered
    letters.plan(
        KIND,
        key=str(reminder.uuid),
        clinic=Clinic(pk=awaited.clinic_id),
        to=to,
        due_at=reminder.planned_at,
        expires_at=_of_use_until(reminder, awaited.wishes),
    )


def _of_use_until(reminder: Reminder, wishes: Wishes) -> datetime:
    """What a provider holds up comes neither in quiet hours nor when nobody could answer any more."""
    last = reminder.expires_at - TOO_LATE
    quiet_at = wishes.next_quiet(reminder.planned_at)
    return last if quiet_at is None else min(last, quiet_at)


def _read(episode_ids: Sequence[int]) -> list[tuple[int, Sequence[Any]]]:
    if not episode_ids:
        return []
    return [(row[0], row) for row in statements.fetch_all(_READ, {"episodes": list(episode_ids)})]


def _awaited(row: Sequence[Any]) -> Awaited:
    pk, clinic_id, procedure_at, protocol, zone, status, channel, address, *wish = row
    at, repeats, quiet_from, quiet_until, _, reported_at, reminded, reminded_at = wish
    return Awaited(
        episode_id=pk,
        clinic_id=clinic_id,
        procedure_at=procedure_at,
        protocol=protocol,
        time_zone=zone,
        status=status,
        channel=channel,
        sealed_address=address,
        wishes=Wishes(at, repeats, quiet_from, quiet_until, ZoneInfo(zone)),
        reported_at=reported_at,
        reminded=tuple(reminded or ()),
        reminded_at=reminded_at,
    )


def _move_on(looks: dict[int, datetime | None]) -> None:
    if looks:
        rows = [{"episode_id": pk, "at": at.isoformat() if at else None} for pk, at in looks.items()]
        statements.fetch_all(_MOVE_ON, {"looks": json.dumps(rows)})
